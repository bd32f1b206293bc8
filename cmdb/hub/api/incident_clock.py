"""`incident.clocks`: how much of an incident's time has passed, who is waited for, and when it is due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cmdb.hub.api.refusal import not_found
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.reach import commitments_of, usual
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.practices.incident_clock import AgreedClock, clocks_of


class ClocksArguments(Arguments, frozen=True, kw_only=True):
    number: int


async def clocks(hub: Hub, _session: Session, args: ClocksArguments) -> list[Row]:
    document = await hub.store.get(Kind.INCIDENT, str(args.number))
    if document is None:
        raise not_found("incident", args.number)
    incident = msgspec.convert(document, Incident)
    found = clocks_of(incident, commitments_of(hub.services, incident), usual(hub.config.incident))
    return [_row(one, hub.clock.now()) for one in found]


def _row(one: AgreedClock, now: datetime) -> dict[str, Any]:
    clock = one.clock
    passed_s = clock.passed_s_at(now)
    return {
        "goal": clock.target.goal.value,
        "agreement": one.agreement,
        "time_s": clock.target.time_s,
        "passed_s": passed_s,
        "wall_s": clock.wall_s_at(now),
        "share": passed_s / clock.target.time_s,
        "state": clock.running.value,
        "waits_for": clock.waits_for,
        "due": clock.due,
        "missed": clock.missed(now),
        "hours": clock.target.hours.spoken,
        "timezone": clock.target.hours.zone,
        "thresholds": [{"share": share, "at": at} for share, at in sorted(one.reached.items())],
    }


VERBS: Mapping[str, Verb] = {
    "incident.clocks": Verb(ClocksArguments, clocks),
}
