"""What a period of incidents was like: how soon answered and ended, how often back, which checks made noise, at night.

MTTA is the mean time to the first person's answer; incidents that nobody answered and that recovered by themselves
are counted apart. MTTR is opened to resolved; MTBF the period without incidents, by their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from cmdb.model.incident import Incident
from cmdb.practices.incident_opening import BY_HAND
from cmdb.practices.reliability import answers, mean
from cmdb.practices.span import Span, duration_s, intersection, union
from cmdb.practices.wall_time import zone_named

NIGHT = (22, 6)
MOST_NOISY = 10
SHORT_S = 600.0  # what is over so soon without anybody was noise, or should have healed itself unseen


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """How often a check opened, reopened or relapsed into an incident, and how many of those ended by themselves.

    `check` is its id, or the key of what another system reported; `name` what people call it.
    """

    check: str
    name: str
    incidents: int
    self_resolved: int


class IncidentFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Means in seconds; None where there was nothing to take a mean of."""

    start: datetime
    end: datetime
    opened: int
    resolved: int
    by_priority: dict[int, int]
    acknowledged: int
    never_acknowledged: int
    self_resolved: int
    mtta_s: float | None
    mttr_s: float | None
    mtbf_s: float | None
    reopened: int
    reopen_rate: float | None
    merged: int
    respond_missed: int
    resolve_missed: int
    told: int
    told_at_night: int
    told_on_weekends: int
    noisiest: tuple[Noise, ...]


def figures(incidents: Iterable[Incident], window: Span, now: datetime, zone: str = "UTC") -> IncidentFigures:
    """Of the incidents that were opened in the window; those merged into another count as merged only."""
    opened = [one for one in incidents if window.start <= one.opened_at < window.end]
    merged = [one for one in opened if one.merged_into is not None]
    own = [one for one in opened if one.merged_into is None]
    answered = answers(own)
    ended = [one for one in own if one.resolved_at is not None]
    reopened = sum(one.reopened > 0 for one in own)
    told = [
        entry.at.astimezone(zone_named(zone))
        for one in opened
        for entry in one.timeline
        if _told(entry.what, entry.text)
    ]
    return IncidentFigures(
        start=window.start,
        end=window.end,
        opened=len(own),
        resolved=len(ended),
        by_priority=dict(sorted(Counter(one.priority for one in own).items())),
        acknowledged=answered.acknowledged,
        never_acknowledged=answered.never_acknowledged,
        self_resolved=answered.self_resolved,
        mtta_s=answered.mtta_s,
        mttr_s=mean([_lasted_s(one) for one in ended]),
        mtbf_s=_between_s(own, window, now),
        reopened=reopened,
        reopen_rate=reopened / len(ended) if ended else None,
        merged=len(merged),
        respond_missed=sum(_late(one.respond_due, one.acknowledged_at or one.resolved_at, now) for one in own),
        resolve_missed=sum(_late(one.resolve_due, one.resolved_at, now) for one in own),
        told=len(told),
        told_at_night=sum(at.hour >= NIGHT[0] or at.hour < NIGHT[1] for at in told),
        told_on_weekends=sum(at.weekday() >= 5 for at in told),
        noisiest=_noisiest(own),
    )


def _lasted_s(incident: Incident) -> float:
    assert incident.resolved_at is not None
    return (incident.resolved_at - incident.opened_at).total_seconds()


def _between_s(incidents: Sequence[Incident], window: Span, now: datetime) -> float | None:
    """The time of the window without any incident, by their number."""
    if not incidents:
        return None
    end = min(window.end, now)
    bad = union(Span(one.opened_at, one.resolved_at or end) for one in incidents)
    well_s = (end - window.start).total_seconds() - duration_s(intersection(bad, [Span(window.start, end)]))
    return max(0.0, well_s) / len(incidents)


def _late(due: datetime | None, done: datetime | None, now: datetime) -> bool:
    return due is not None and (done or now) > due


def _told(what: str, text: str) -> bool:
    """A message that got through: `mia by mail: …`."""
    return what == "told" and " by " in text and "not yet" not in text


def _noisiest(incidents: Iterable[Incident]) -> tuple[Noise, ...]:
    """What people opened by hand was no noise."""
    times: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    names: dict[str, str] = {}
    for one in incidents:
        if one.key.startswith(BY_HAND):
            continue
        source = one.check or one.key
        names[source] = one.check or one.title
        times[source] += 1 + one.reopened + sum(entry.what == "relapsed" for entry in one.timeline)
        quick = one.resolved_at is not None and _lasted_s(one) <= SHORT_S
        alone[source] += one.acknowledged_at is None and quick
    return tuple(
        Noise(check=check, name=names[check], incidents=count, self_resolved=alone[check])
        for check, count in times.most_common(MOST_NOISY)
    )
