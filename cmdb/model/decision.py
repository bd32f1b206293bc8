"""Why an observation became this CI, and what only a person can say. Not the rules: `cmdb.identity`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from cmdb.model.kind import Record


class Compared(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One candidate: which keys agreed and differed (strongest first), the rule that fired and its verdict."""

    ci: str
    name: str = ""
    agreeing: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()
    verdict: str  # same | different | review
    rule: str
    warnings: tuple[str, ...] = ()


class Decision(Record, frozen=True, kw_only=True):
    """`outcome` is same | new | review | refused, or what a person did: pinned | merged | parted.

    `keys` are the observation's, as they were compared; `events` what it means for the CI (reinstalled, …);
    `touched` are the records that a merge changed, as kind and id, by which it can be undone.
    """

    ci: str | None = None
    at: datetime
    source: str
    outcome: str
    rule: str
    name: str = ""
    keys: dict[str, Any] = {}
    compared: tuple[Compared, ...] = ()
    events: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    actor: str = ""
    touched: tuple[tuple[str, str], ...] = ()
    undone: bool = False


class Review(Record, frozen=True, kw_only=True):
    """A question of identity. `state` is open | settled; `proposal` is what the rules would do, with its CI.

    `keys` are the observation's as its source gave them; until it is settled nothing of that source is recorded.
    """

    state: str = "open"
    question: str
    name: str
    source: str
    keys: dict[str, Any] = {}
    candidates: tuple[str, ...] = ()
    proposal: str  # pin | merge | new
    proposed_ci: str | None = None
    decision: str = ""
    opened_at: datetime
    settled_at: datetime | None = None
    settled_by: str | None = None
    answer: str = ""
