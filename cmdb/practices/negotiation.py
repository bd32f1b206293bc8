"""How an agreement comes into force: draft, proposed, countered, signed, superseded. A table, and what changed.

Both sides sign; a revision that is signed replaces the one before it. Not who may do it: the hub's roles say that.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cmdb.model.service import Agreement, Signature


class State(enum.StrEnum):
    DRAFT = "draft"
    PROPOSED = "proposed"
    COUNTERED = "countered"
    SIGNED = "signed"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Step(enum.StrEnum):
    PROPOSE = "propose"
    COUNTER = "counter"
    SIGN = "sign"
    WITHDRAW = "withdraw"
    SUPERSEDE = "supersede"


SIDES = ("customer", "provider")
NEGOTIATED = "negotiated"  # the source of an agreement that was signed here, not declared in a file
TRANSITIONS: Mapping[tuple[State, Step], State] = {
    (State.DRAFT, Step.PROPOSE): State.PROPOSED,
    (State.DRAFT, Step.WITHDRAW): State.WITHDRAWN,
    (State.PROPOSED, Step.COUNTER): State.COUNTERED,
    (State.PROPOSED, Step.SIGN): State.PROPOSED,  # SIGNED once both sides have
    (State.PROPOSED, Step.WITHDRAW): State.WITHDRAWN,
    (State.COUNTERED, Step.COUNTER): State.COUNTERED,
    (State.COUNTERED, Step.SIGN): State.COUNTERED,
    (State.COUNTERED, Step.WITHDRAW): State.WITHDRAWN,
    (State.SIGNED, Step.SUPERSEDE): State.SUPERSEDED,
}
# What says how far a negotiation is, not what is agreed.
_NOT_TERMS = frozenset({"id", "version", "state", "revision", "signatures", "source", "starts_at"})


class NotPossible(ValueError):
    """The table has no such step from where the agreement is."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One term that two revisions say differently."""

    term: str
    before: Any
    after: Any


def revised(agreement: Agreement, revision: int) -> Agreement:
    """A draft of this revision, with the terms that are in force."""
    return msgspec.structs.replace(
        agreement,
        id=f"{agreement.name}@{revision}",
        version=0,
        revision=revision,
        state=State.DRAFT.value,
        signatures=(),
    )


def proposed(agreement: Agreement) -> Agreement:
    return _stepped(agreement, Step.PROPOSE)


def countered(agreement: Agreement) -> Agreement:
    """To be given the other side's terms; what was signed before no longer holds."""
    return msgspec.structs.replace(_stepped(agreement, Step.COUNTER), signatures=())


def signed(agreement: Agreement, who: str, side: str, at: datetime) -> Agreement:
    """The agreement with this signature; in force at once when it was the last. Raises `NotPossible`."""
    if side not in SIDES:
        raise NotPossible(f"{side!r} is not a side; sign for {' or '.join(SIDES)}")
    if any(signature.side == side for signature in agreement.signatures):
        raise NotPossible(f"{agreement.id} is signed by the {side} already")
    after = _stepped(agreement, Step.SIGN)
    signatures = (*agreement.signatures, Signature(who=who, side=side, at=at))
    if {signature.side for signature in signatures} != set(SIDES):
        return msgspec.structs.replace(after, signatures=signatures)
    return msgspec.structs.replace(
        after,
        signatures=signatures,
        id=agreement.name,
        version=0,
        state=State.SIGNED.value,
        starts_at=at,
        source=NEGOTIATED,
    )


def withdrawn(agreement: Agreement) -> Agreement:
    return _stepped(agreement, Step.WITHDRAW)


def superseded(agreement: Agreement) -> Agreement:
    """What was in force, kept under its revision's name."""
    after = _stepped(agreement, Step.SUPERSEDE)
    return msgspec.structs.replace(after, id=f"{agreement.name}@{agreement.revision}", version=0)


def differences(before: Agreement, after: Agreement) -> tuple[Difference, ...]:
    """The terms that differ, by name."""
    old, new = before.body(), after.body()
    return tuple(
        Difference(term=term, before=old[term], after=new[term])
        for term in sorted(old.keys() - _NOT_TERMS)
        if old[term] != new[term]
    )


def _stepped(agreement: Agreement, step: Step) -> Agreement:
    try:
        state = TRANSITIONS[State(agreement.state), step]
    except KeyError:
        possible = ", ".join(step for at, step in TRANSITIONS if at == agreement.state) or "nothing"
        raise NotPossible(f"{agreement.id} is {agreement.state}: it cannot {step}, only {possible}") from None
    return msgspec.structs.replace(agreement, state=state.value)
