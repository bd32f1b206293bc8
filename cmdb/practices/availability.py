"""How much of its agreed time a service was there, from its state intervals. Not whether that was enough.

`A = (agreed − down) / agreed` over the time that was observed: outages are united and clipped to the service
hours, planned maintenance leaves both terms, and so does time that nobody observed, which is reported apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from cmdb.model.service import Interval
from cmdb.practices.calendar import Calendar
from cmdb.practices.duration import spoken
from cmdb.practices.service_state import ServiceState
from cmdb.practices.span import Span, Spans, difference, duration_s, intersection, union, within

_OBSERVED_UP = (ServiceState.UP, ServiceState.DEGRADED)


class Layers(msgspec.Struct, frozen=True):
    """The open time of a window, divided: each moment of the service hours is in exactly one of these."""

    maintenance: Spans
    down: Spans
    degraded: Spans
    up: Spans
    unknown: Spans

    def of(self, state: ServiceState) -> Spans:
        """The layer that time of this state is counted in."""
        spans: Spans = getattr(self, state.value)
        return spans


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a window, in seconds of service time. `share` is None where nothing was observed.

    `agreed_s` is the service hours without planned maintenance; `unknown_s` of it was not observed.
    """

    agreed_s: float
    down_s: float
    degraded_s: float
    maintenance_s: float
    unknown_s: float

    @property
    def observed_s(self) -> float:
        return self.agreed_s - self.unknown_s

    @property
    def share(self) -> float | None:
        return (self.observed_s - self.down_s) / self.observed_s if self.observed_s > 0 else None


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """One interval and what of it was counted, for `sla explain`."""

    state: str
    start: datetime
    end: datetime
    counted_s: float
    why: str
    source: str = ""


def layers(intervals: Iterable[Interval], hours: Calendar, window: Span, excluded: Iterable[Span] = ()) -> Layers:
    """Divide the window's open time; an interval without end runs to the window's end.

    Where intervals overlap, maintenance goes before down, down before degraded, degraded before up.
    """
    by_state: dict[str, list[Span]] = {state.value: [] for state in ServiceState}
    for interval in intervals:
        by_state[interval.state].append(_clipped(interval, window))
    by_state[ServiceState.MAINTENANCE.value].extend(excluded)
    remaining = hours.open_spans(*window)
    claimed: dict[str, Spans] = {}
    for state in (ServiceState.MAINTENANCE, ServiceState.DOWN, ServiceState.DEGRADED, ServiceState.UP):
        spans = union(by_state[state.value])
        claimed[state.value] = intersection(remaining, spans)
        remaining = difference(remaining, spans)
    return Layers(**claimed, unknown=remaining)


def measure(
    intervals: Iterable[Interval], hours: Calendar, window: Span, excluded: Iterable[Span] = ()
) -> Availability:
    """The figures of a window; `excluded` is planned maintenance beside what the intervals say."""
    return figures(layers(intervals, hours, window, excluded))


def figures(divided: Layers) -> Availability:
    """The lengths of the layers."""
    down_s, degraded_s, unknown_s = (duration_s(part) for part in (divided.down, divided.degraded, divided.unknown))
    return Availability(
        agreed_s=down_s + degraded_s + unknown_s + duration_s(divided.up),
        down_s=down_s,
        degraded_s=degraded_s,
        maintenance_s=duration_s(divided.maintenance),
        unknown_s=unknown_s,
    )


def explain(
    intervals: Sequence[Interval], hours: Calendar, window: Span, excluded: Sequence[Span] = ()
) -> tuple[Counted, ...]:
    """Every interval of the window in order, with what was counted of it and why; unobserved gaps included.

    The counted seconds of each state add up to the figures of `measure`.
    """
    everything = (*intervals, *map(_planned, excluded))
    ordered = sorted((i for i in everything if _overlaps(i, window)), key=lambda interval: interval.start)
    divided = layers(ordered, hours, window)
    counted_until: dict[str, datetime] = {}
    rows = [_counted(interval, divided, window, counted_until) for interval in ordered]
    seen = union(_clipped(interval, window) for interval in ordered)
    rows.extend(_gap_row(gap, divided) for gap in difference((window,), seen))
    return tuple(sorted(rows, key=lambda row: (row.start, row.end)))


def _counted(interval: Interval, divided: Layers, window: Span, counted_until: dict[str, datetime]) -> Counted:
    span = _clipped(interval, window)
    state = ServiceState(interval.state)
    # Earlier intervals of the same state cover everything from this start to the latest of their ends.
    mine = Span(max(span.start, counted_until.get(state.value, span.start)), span.end)
    counted_until[state.value] = max(span.end, counted_until.get(state.value, span.end))
    counted_s = duration_s(within(divided.of(state), mine))
    return _row(state.value, span, counted_s, _why(state, span, counted_s, divided), interval.source)


def _why(state: ServiceState, span: Span, counted_s: float, divided: Layers) -> str:
    parts = [f"{spoken(counted_s)} {_VERDICT[state]}"] if counted_s else []
    inside_s = sum(duration_s(within(divided.of(layer), span)) for layer in ServiceState)
    if outside_s := duration_s((span,)) - inside_s:
        parts.append(f"{spoken(outside_s)} outside service hours")
    if state is not ServiceState.MAINTENANCE and (planned_s := duration_s(within(divided.maintenance, span))):
        parts.append(f"{spoken(planned_s)} in planned maintenance")
        inside_s -= planned_s
    if elsewhere_s := inside_s - counted_s:
        parts.append(f"{spoken(elsewhere_s)} counted with an interval that overlaps it")
    return "; ".join(parts)


_VERDICT = {
    ServiceState.UP: "up",
    ServiceState.DEGRADED: "degraded, which is up for availability",
    ServiceState.DOWN: "down",
    ServiceState.MAINTENANCE: "planned maintenance, taken out of both terms",
    ServiceState.UNKNOWN: "not observed, taken out of both terms",
}


def _planned(span: Span) -> Interval:
    state = ServiceState.MAINTENANCE.value
    return Interval(id="", service="", state=state, start=span.start, end=span.end, source="planned maintenance")


def _gap_row(gap: Span, divided: Layers) -> Counted:
    counted_s = duration_s(within(divided.unknown, gap))
    return _row(ServiceState.UNKNOWN.value, gap, counted_s, f"{spoken(counted_s)} without any record: in neither term")


def _row(state: str, span: Span, counted_s: float, why: str, source: str = "") -> Counted:
    return Counted(state=state, start=span.start, end=span.end, counted_s=counted_s, why=why, source=source)


def _overlaps(interval: Interval, window: Span) -> bool:
    return interval.start < window.end and (interval.end is None or interval.end > window.start)


def _clipped(interval: Interval, window: Span) -> Span:
    return Span(max(interval.start, window.start), min(interval.end or window.end, window.end))
