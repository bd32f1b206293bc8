"""`report.incidents`: the figures of a period."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.hub.session import Session
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.practices.incident_figures import Noise, figures
from cmdb.practices.period import report_window


class ReportArguments(Arguments, frozen=True, kw_only=True):
    """`period` as for every report: `last-month`, `7d`, `START/END`; nights are those of `timezone`."""

    period: str = "last-month"
    timezone: str = "UTC"


async def incidents(hub: Hub, _session: Session, args: ReportArguments) -> dict[str, Any]:
    now = hub.clock.now()
    try:
        window = report_window(args.period, now, args.timezone)
    except ValueError as error:
        raise Refused(Code.USAGE, "--period", str(error)) from error
    found = [msgspec.convert(one, Incident) for one in await hub.store.find(Kind.INCIDENT)]
    made = figures(found, window, now, args.timezone)
    noisiest = tuple([msgspec.structs.replace(one, name=await _name(hub, one)) for one in made.noisiest])
    return {"period": args.period, **msgspec.structs.asdict(msgspec.structs.replace(made, noisiest=noisiest))}


async def _name(hub: Hub, noise: Noise) -> str:
    """What people call the check, as long as there is one."""
    check = await hub.store.get(Kind.CHECK, noise.check)
    return noise.name if check is None else await hub.desk.troubles.called(check)


VERBS: Mapping[str, Verb] = {
    "report.incidents": Verb(ReportArguments, incidents),
}
