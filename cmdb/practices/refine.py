"""What a service was while nobody knew: made of results that came late. Not where they come from, nor the writing.

A result holds from when it was found until the next one, and no longer than it is fresh.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise

import msgspec

from cmdb.model.service import Interval
from cmdb.practices.service_state import CheckState, Judged, ServiceState
from cmdb.practices.span import Span

LATE = "known from results that came late"
_UNKNOWN = CheckState(ServiceState.UNKNOWN.value)


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A check was in this state over [start, end], and from then on for as long as it is `fresh`."""

    start: datetime
    end: datetime
    state: CheckState
    fresh: timedelta


class Past:
    """The states that one check was in, from evidence in whatever order it came."""

    def __init__(self, evidence: Iterable[Evidence]) -> None:
        self._known = sorted(evidence, key=lambda one: (one.start, one.end))
        self._starts = [one.start for one in self._known]

    def at(self, moment: datetime) -> CheckState:
        """The last that was found by then, unknown once it is no longer fresh."""
        place = bisect_right(self._starts, moment) - 1
        if place < 0:
            return _UNKNOWN
        last = self._known[place]
        return last.state if moment < last.end + last.fresh else _UNKNOWN

    def moments(self) -> set[datetime]:
        """When it may have become another."""
        return {at for one in self._known for at in (one.start, one.end + one.fresh)}


def refined(
    interval: Interval, pasts: Mapping[str, Past], judge: Callable[[Mapping[str, CheckState]], Judged]
) -> list[Interval]:
    """The intervals that take the place of an unknown one that is over; none when no more is known of it.

    `judge` says what a service is whose checks are in these states.
    """
    assert interval.end is not None
    window = Span(interval.start, interval.end)
    cuts = {at for past in pasts.values() for at in past.moments() if window.start < at < window.end}
    bounds = sorted({*window, *cuts})
    judged = [
        (Span(*pair), judge({check: past.at(pair[0]) for check, past in pasts.items()})) for pair in pairwise(bounds)
    ]
    if all(found.state is ServiceState.UNKNOWN for _, found in judged):
        return []
    return [_piece(interval, list(group)) for _, group in groupby(judged, key=lambda one: one[1].state)]


def _piece(interval: Interval, judged: Sequence[tuple[Span, Judged]]) -> Interval:
    """One state over several spans; the first keeps the place of what it refines."""
    start, end, found = judged[0][0].start, judged[-1][0].end, judged[0][1]
    first = start == interval.start
    reasons = "; ".join((*found.reasons, LATE)) if found.state is not ServiceState.UNKNOWN else interval.source
    return msgspec.structs.replace(
        interval,
        id=interval.id if first else f"{interval.service}@{start:%Y-%m-%dT%H:%M:%S.%fZ}",
        version=interval.version if first else 0,
        state=found.state.value,
        start=start,
        end=end,
        source=reasons,
    )
