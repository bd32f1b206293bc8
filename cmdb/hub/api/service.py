"""`service.*` and `config.reload`: what people get, what it is made of, how it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.past import known_at
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.service_map import ServiceMap
from cmdb.hub.service_rows import service_row, service_tree
from cmdb.hub.services import RETIRED
from cmdb.hub.session import Session
from cmdb.model.kind import Kind
from cmdb.model.service import Service
from cmdb.toml_file import TomlError


class NameArguments(Arguments, frozen=True, kw_only=True):
    name: str
    at: datetime | None = None


class MapArguments(Arguments, frozen=True, kw_only=True):
    """Without a name: all services."""

    name: str = ""
    at: datetime | None = None


class ServiceListArguments(ListArguments, frozen=True, kw_only=True):
    """`all`: retired ones too."""

    all: bool = False


class Nothing(Arguments, frozen=True, kw_only=True):
    pass


async def list_(hub: Hub, _session: Session, args: ServiceListArguments) -> list[Row]:
    found = [msgspec.convert(one, Service) for one in await hub.store.find(Kind.SERVICE, at=args.at)]
    now = args.at or hub.clock.now()
    shown = [service for service in found if args.all or service.stage != RETIRED]
    return listed([service_row(hub.services, service, now) for service in shown], args, "name")


async def show(hub: Hub, _session: Session, args: NameArguments) -> Row:
    service = await _service(hub, args)
    known = await known_at(hub, args.at)
    return service_tree(known.services, service, args.at or hub.clock.now())


async def map_(hub: Hub, _session: Session, args: MapArguments) -> dict[str, Any]:
    """`down`: from services to what they stand on, as rows of a tree; `up`: from hosts to the services on them."""
    known = await known_at(hub, args.at)
    offered = {id_: one for id_, one in known.services.services.items() if one.stage != RETIRED}
    if args.name and args.name not in offered:
        raise not_found("service", args.name)
    chosen = [offered[args.name]] if args.name else list(offered.values())
    found = ServiceMap(known.services, known.graph, known.state_of, whole=bool(args.name))
    return {"id": args.name, "name": args.name, "down": found.down(chosen), "up": found.up(chosen)}


async def reload(hub: Hub, session: Session, _args: Nothing) -> dict[str, Any]:
    try:
        declared = await hub.service_watch.reload(session.actor)
    except TomlError as error:
        raise Refused(Code.USAGE, error.what, error.why, error.next_step) from error
    return {"services": len(declared.services), "agreements": len(declared.agreements)}


async def _service(hub: Hub, args: NameArguments) -> Service:
    document = await hub.store.get(Kind.SERVICE, args.name, at=args.at)
    if document is None:
        raise not_found("service", args.name)
    return msgspec.convert(document, Service)


VERBS: Mapping[str, Verb] = {
    "service.list": Verb(ServiceListArguments, list_),
    "service.show": Verb(NameArguments, show),
    "service.tree": Verb(NameArguments, show),
    "service.map": Verb(MapArguments, map_),
    "config.reload": Verb(Nothing, reload, Role.ADMIN),
}
