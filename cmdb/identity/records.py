"""An answer as the record keeps it: the decision that `ci why` prints, and the review that a person settles."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cmdb.identity.decide import Identified, Judged, Outcome
from cmdb.model.decision import Compared, Decision, Review

_ENCODER = msgspec.msgpack.Encoder(order="deterministic")


def decision_of(found: Identified, *, ci: str | None, name: str, source: str, at: datetime) -> Decision:
    """The decision; the same answer for the same reasons has the same id, and need not be written again."""
    compared = tuple(_compared(one) for one in found.judged)
    keys = _plain(found.keys)
    return Decision(
        id=f"decision-{_digest(ci, found.outcome, found.rule, found.events, keys, compared)}",
        ci=ci,
        at=at,
        source=source,
        outcome=found.outcome.value,
        rule=found.rule,
        name=name,
        keys=keys,
        compared=compared,
        events=found.events,
        warnings=found.warnings,
    )


def review_of(
    found: Identified, observed: Mapping[str, Any], decision: Decision, *, name: str, source: str, at: datetime
) -> Review:
    """The question, with what the rules would do: records that all match are one, else it is the likeliest."""
    assert found.outcome is Outcome.REVIEW
    candidates = tuple(ci.id for ci in found.about)
    several = found.rule == "several records match"
    return Review(
        id=f"review-{_digest(source, _plain(found.keys), sorted(candidates))}",
        question=f"{name}: {found.rule}: {', '.join(f'{ci.name} ({ci.id})' for ci in found.about)}?",
        name=name,
        source=source,
        keys=dict(observed),
        candidates=candidates,
        proposal="merge" if several else "pin",
        proposed_ci=candidates[0],
        decision=decision.id,
        opened_at=at,
    )


def explained(decision: Decision) -> list[str]:
    """The decision in sentences, for people."""
    lines = [f"{decision.outcome}: {decision.rule}"]
    lines += [f"keys: {', '.join(f'{name} {_shown(value)}' for name, value in decision.keys.items()) or 'none'}"]
    for one in decision.compared:
        agreeing, differing = ", ".join(one.agreeing) or "nothing", ", ".join(one.differing) or "nothing"
        lines.append(f"{one.name} ({one.ci}): {one.verdict}: {one.rule}; agree: {agreeing}; differ: {differing}")
    return [*lines, *(f"event: {event}" for event in decision.events), *(f"warning: {w}" for w in decision.warnings)]


def _compared(one: Judged) -> Compared:
    return Compared(
        ci=one.ci.id,
        name=one.ci.name,
        agreeing=one.comparison.agreeing,
        differing=one.comparison.differing,
        verdict=one.ruling.verdict.value,
        rule=one.ruling.rule,
        warnings=one.ruling.warnings,
    )


def _plain(keys: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in keys.items()}


def _digest(*parts: Any) -> str:
    return hashlib.blake2s(_ENCODER.encode(parts), digest_size=6).hexdigest()


def _shown(value: Any) -> str:
    return "/".join(value) if isinstance(value, list | tuple) else str(value)
