"""`incident.*`: incidents and what people do to them."""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.hub.api.verb import ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.rows import Row, incident_row
from cmdb.hub.session import Session
from cmdb.model.kind import Kind


class IncidentListArguments(ListArguments, frozen=True, kw_only=True):
    """`all`: closed ones too."""

    all: bool = False


async def list_(hub: Hub, _session: Session, args: IncidentListArguments) -> list[Row]:
    found = await hub.store.find(Kind.INCIDENT, at=args.at)
    wanted = [one for one in found if args.all or one["state"] != "closed"]
    return listed([await incident_row(hub.store, one, args.at) for one in wanted], args, "priority,opened_at")


VERBS: Mapping[str, Verb] = {
    "incident.list": Verb(IncidentListArguments, list_),
}
