"""A change of a check's state, hardness or attempt, with what was found then. Not the check as it is now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from cmdb.model.check import CheckRecord


class Transition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`at` is when it was found, not when the hub heard of it; `result` the whole result, where it was not well."""

    check: str
    at: datetime
    state: str
    hard: bool = True
    attempt: int = 1
    output: str = ""
    reason: str | None = None
    result: dict[str, Any] = {}

    @property
    def standing(self) -> tuple[str, bool, int, str | None]:
        """What makes one differ from the one before."""
        return self.state, self.hard, self.attempt, self.reason


def transition_of(check: CheckRecord, at: datetime, result: dict[str, Any] | None = None) -> Transition:
    """How this check came to be as it is at that moment; `result` is what was found, where that was told."""
    return Transition(
        check=check.id,
        at=at,
        state=check.state,
        hard=check.hard,
        attempt=check.attempt,
        output=check.output,
        reason=check.reason,
        result={} if result is None or check.state == "ok" else result,
    )
