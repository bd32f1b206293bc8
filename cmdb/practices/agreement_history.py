"""An agreement over a stretch in which it was changed: each part is judged by what was in force then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from cmdb.model.service import Interval
from cmdb.practices.availability import Availability, measure
from cmdb.practices.budget import budget_s
from cmdb.practices.calendar import Calendar
from cmdb.practices.span import Span
from cmdb.practices.standing import judged


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What an agreement said from a moment on."""

    since: datetime
    target: float
    hours: Calendar
    slice_s: float | None = None
    slice_target: float = 1.0


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the stretch, the terms that held in it, and its figures."""

    window: Span
    terms: Terms
    availability: Availability
    budget_s: float


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """All parts of a stretch, and their sums."""

    parts: tuple[Part, ...]
    availability: Availability
    budget_s: float

    @property
    def kept(self) -> bool | None:
        """Whether what was agreed was given; None where nothing was observed."""
        return None if self.availability.share is None else self.availability.down_s <= self.budget_s


def in_force(history: Sequence[Terms], window: Span) -> Iterable[tuple[Span, Terms]]:
    """The terms that held in the window, in order, with the part in which they did; the first from the beginning."""
    ordered = sorted(history, key=lambda terms: terms.since)
    for number, terms in enumerate(ordered):
        start = window.start if number == 0 else max(window.start, terms.since)
        end = window.end if number + 1 == len(ordered) else min(window.end, ordered[number + 1].since)
        if start < end:
            yield Span(start, end), terms


def account(history: Sequence[Terms], intervals: Sequence[Interval], window: Span) -> Account:
    """The figures of a window that has passed; `intervals` are in order, without overlaps.

    The budget is that of the observed time: what was agreed was kept exactly when the actual share is the target's.
    """
    parts = tuple(_part(part, terms, intervals) for part, terms in in_force(history, window))
    return Account(
        parts=parts,
        availability=_sum([part.availability for part in parts]),
        budget_s=round(sum(part.budget_s for part in parts), 6),
    )


def _part(window: Span, terms: Terms, intervals: Sequence[Interval]) -> Part:
    found = measure(judged(terms, intervals, window), terms.hours, window)
    return Part(window=window, terms=terms, availability=found, budget_s=budget_s(terms.target, found.observed_s))


def _sum(found: Sequence[Availability]) -> Availability:
    return Availability(
        agreed_s=sum(one.agreed_s for one in found),
        down_s=sum(one.down_s for one in found),
        degraded_s=sum(one.degraded_s for one in found),
        maintenance_s=sum(one.maintenance_s for one in found),
        unknown_s=sum(one.unknown_s for one in found),
    )
