"""How often a service fails and how long that lasts (MTBF, MTTR), and how soon people answer (MTTA)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from cmdb.model.incident import Incident
from cmdb.practices.availability import Layers
from cmdb.practices.span import duration_s

SELF = "hub"  # who resolves what recovered without anybody


class Reliability(msgspec.Struct, frozen=True, kw_only=True):
    """Means in seconds of service time; None where there was no outage to take a mean of."""

    outages: int
    mttr_s: float | None
    mtbf_s: float | None


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """`mtta_s` is the mean time to the first acknowledgement by a person, of the incidents that had one."""

    acknowledged: int
    never_acknowledged: int
    self_resolved: int
    mtta_s: float | None


def reliability(divided: Layers) -> Reliability:
    """From the layers of a window: an outage is a stretch of down time, cut where the service hours are."""
    outages, down_s = len(divided.down), duration_s(divided.down)
    if not outages:
        return Reliability(outages=0, mttr_s=None, mtbf_s=None)
    up_s = duration_s(divided.up) + duration_s(divided.degraded)
    return Reliability(outages=outages, mttr_s=down_s / outages, mtbf_s=up_s / outages)


def answers(incidents: Iterable[Incident]) -> Answers:
    """Over incidents of any state; those that recovered before anybody answered are counted apart."""
    times: list[float] = []
    unanswered: list[Incident] = []
    for incident in incidents:
        first = _first_answer_s(incident)
        if first is None:
            unanswered.append(incident)
        else:
            times.append(first)
    alone = [incident for incident in unanswered if _resolved_itself(incident)]
    return Answers(
        acknowledged=len(times),
        never_acknowledged=len(unanswered) - len(alone),
        self_resolved=len(alone),
        mtta_s=mean(times),
    )


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _first_answer_s(incident: Incident) -> float | None:
    """The first acknowledgement on the timeline: one taken back when it got worse was an answer all the same."""
    answered = (entry.at for entry in incident.timeline if entry.what in {"acknowledged", "assigned", "resumed"})
    first = next(answered, incident.acknowledged_at)
    return None if first is None else (first - incident.opened_at).total_seconds()


def _resolved_itself(incident: Incident) -> bool:
    return incident.resolved_at is not None and all(
        entry.who == SELF for entry in incident.timeline if entry.what == "resolved"
    )
