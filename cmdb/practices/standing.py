"""How an agreement stands: actual against target, what is left of its budget, how quickly it goes, until when.

Computed from the record at every reading. Not what is done about it.
"""

from __future__ import annotations

import enum
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from cmdb.model.service import Agreement, Interval
from cmdb.practices.availability import Availability, measure
from cmdb.practices.budget import TREND_WINDOWS, budget_s, burn_rate, trend
from cmdb.practices.business_time import deadline
from cmdb.practices.calendar import Calendar
from cmdb.practices.period import period_window, rolls
from cmdb.practices.service_state import ServiceState
from cmdb.practices.span import Span, duration_s, union
from cmdb.practices.timeslice import bad_slices

LOW_BUDGET = 0.1  # with less than this share left an agreement is at risk, whatever the trend

_LONGEST_S = max(pair.long_s for pair in TREND_WINDOWS)


class Status(enum.StrEnum):
    MET = "met"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    NO_DATA = "no_data"


class Sliced(Protocol):
    """An agreement, or its terms at a time, as far as slices of time go."""

    @property
    def slice_s(self) -> float | None: ...

    @property
    def slice_target(self) -> float: ...


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """`window` is the whole period, `measured` the part of it that the record covers so far.

    `budget_remaining` is the share of the budget that is left, below zero once it is overdrawn; `burn` is the
    present trend; `breach_forecast_at` when that trend breaches the target, within this period.
    """

    window: Span
    measured: Span
    availability: Availability
    target: float
    budget_s: float
    burn: float
    breach_forecast_at: datetime | None
    status: Status

    @property
    def actual(self) -> float | None:
        return self.availability.share

    @property
    def budget_remaining_s(self) -> float:
        return self.budget_s - self.availability.down_s

    @property
    def budget_remaining(self) -> float:
        return remaining_share(self.budget_s, self.availability.down_s)


def standing(agreement: Agreement, hours: Calendar, intervals: Sequence[Interval], now: datetime) -> Standing:
    """How it stands at this moment; `intervals` are those of its service, in order, without overlaps."""
    window = period_window(agreement.period, now, hours.zone)
    measured = measured_part(window, intervals, now)
    availability = measure(judged(agreement, intervals, measured), hours, measured)
    budget = budget_s(agreement.target, duration_s(hours.open_spans(*window)) - availability.maintenance_s)
    burn = present_burn(agreement, hours, intervals, now)
    ahead = _breach_at(agreement, hours, window, budget - availability.down_s, burn, now)
    return Standing(
        window=window,
        measured=measured,
        availability=availability,
        target=agreement.target,
        budget_s=budget,
        burn=burn,
        breach_forecast_at=ahead,
        status=_status(availability, budget, ahead),
    )


def remaining_share(total_s: float, used_s: float) -> float:
    """The share of a budget that is left; of none at all, 1 until anything is used."""
    if total_s > 0:
        return 1 - used_s / total_s
    return 1.0 if used_s == 0 else 0.0


def present_burn(agreement: Agreement, hours: Calendar, intervals: Sequence[Interval], now: datetime) -> float:
    """The trend of the burn. Where nothing was down in the longest window there is none to look for."""
    lately = overlapping(intervals, Span(now - timedelta(seconds=_LONGEST_S), now))
    if all(each.state != ServiceState.DOWN.value for each in lately):
        return 0.0
    return trend(TREND_WINDOWS, lambda window_s: burn_over(agreement, hours, intervals, now, window_s))


def burn_over(
    agreement: Agreement, hours: Calendar, intervals: Sequence[Interval], now: datetime, window_s: float
) -> float:
    """The burn over the last `window_s` seconds; 0 where none of them was in service hours.

    Time that nobody observed dilutes it: a hub that has just started must not call people for its first glimpse.
    """
    window = Span(now - timedelta(seconds=window_s), now)
    found = measure(judged(agreement, intervals, window), hours, window)
    return burn_rate(found.down_s / found.agreed_s, agreement.target) if found.agreed_s > 0 else 0.0


def judged(sliced: Sliced, intervals: Sequence[Interval], window: Span) -> Sequence[Interval]:
    """The window's intervals as the agreement counts them: as they are, or with every bad slice down as a whole."""
    seen = overlapping(intervals, window)
    down = [each for each in seen if each.state == ServiceState.DOWN.value]
    if sliced.slice_s is None or not down:
        return seen
    spans = union(Span(max(each.start, window.start), min(each.end or window.end, window.end)) for each in down)
    bad = bad_slices(spans, sliced.slice_s, sliced.slice_target)
    return [
        *(each for each in seen if each.state != ServiceState.DOWN.value),
        *(_as(each, ServiceState.UP, each.start, each.end) for each in down),
        *(_as(down[0], ServiceState.DOWN, *cut) for cut in bad),
    ]


def _as(interval: Interval, state: ServiceState, start: datetime, end: datetime | None) -> Interval:
    return msgspec.structs.replace(interval, state=state.value, start=start, end=end)


def overlapping(intervals: Sequence[Interval], window: Span) -> Sequence[Interval]:
    """Those that reach into the window, found by bisection: they are in order and without overlaps."""
    last = bisect_left(intervals, window.end, key=lambda interval: interval.start)
    return intervals[bisect_right(intervals, window.start, hi=last, key=lambda each: each.end or window.end) : last]


def measured_part(window: Span, intervals: Sequence[Interval], now: datetime) -> Span:
    """From the window's start, or the first record when that is later, up to now."""
    end = min(window.end, now)
    start = max(window.start, intervals[0].start) if intervals else end
    return Span(min(start, end), end)


def _breach_at(
    agreement: Agreement, hours: Calendar, window: Span, left_s: float, burn: float, now: datetime
) -> datetime | None:
    if left_s < 0 or burn <= 0 or agreement.target >= 1:
        return None
    if rolls(agreement.period):
        # Burning no quicker than evenly, old outages leave the window as new ones come.
        return deadline(hours, now, left_s / (burn * (1 - agreement.target))) if burn > 1 else None
    ahead_s = duration_s(hours.open_spans(now, window.end))
    needed_s = left_s / (burn * (1 - agreement.target))
    return deadline(hours, now, needed_s) if needed_s < ahead_s else None


def _status(availability: Availability, budget: float, ahead: datetime | None) -> Status:
    if availability.share is None:
        return Status.NO_DATA
    if availability.down_s > budget:
        return Status.BREACHED
    low = remaining_share(budget, availability.down_s) < LOW_BUDGET
    return Status.AT_RISK if ahead is not None or low else Status.MET
