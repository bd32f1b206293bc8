"""`exchange.import` and `exchange.export`: inventories of other tools. Agreements are `sla.import` and `sla.export`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from cmdb.exchange.formats import READERS, WRITERS
from cmdb.exchange.hosts import HostDocuments, host_documents
from cmdb.exchange.imported import Unreadable
from cmdb.hub.api.find import by_id_or_name
from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.importing import Importing
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.kind import Kind


class ImportArguments(Arguments, frozen=True, kw_only=True):
    """`dry_run` says what would change, and changes nothing."""

    format: str
    text: str
    dry_run: bool = False


class ExportArguments(Arguments, frozen=True, kw_only=True):
    """Of one host, of the hosts of a service, or of all."""

    format: str
    host: str = ""
    service: str = ""
    at: datetime | None = None


async def take(hub: Hub, session: Session, args: ImportArguments) -> Row:
    read = READERS.get(args.format)
    if read is None:
        raise _unknown(args.format, READERS)
    try:
        # A file of megabytes takes longer to read than others should wait.
        hosts = await asyncio.to_thread(read, args.text)
    except Unreadable as error:
        raise Refused(Code.USAGE, error.what, error.why) from error
    importing = Importing(hub.ledger, hub.clock, hub.recognition, lambda: f"host-{secrets.token_hex(5)}")
    rows = [await importing.take(host, args.format, actor=session.actor, dry_run=args.dry_run) for host in hosts]
    return {"format": args.format, "dry_run": args.dry_run, "hosts": rows}


async def give(hub: Hub, _session: Session, args: ExportArguments) -> Row:
    write = WRITERS.get(args.format)
    if write is None:
        raise _unknown(args.format, WRITERS)
    hosts = [await _documents(hub, host, args.at) for host in await _hosts(hub, args)]
    if not hosts:
        raise Refused(
            Code.NOT_FOUND, "export", "there is no host to export", "list hosts with `watchdeck ci list --class host`"
        )
    return {"text": await asyncio.to_thread(write, args.service, hosts, hub.clock.now())}


async def _hosts(hub: Hub, args: ExportArguments) -> Sequence[str]:
    """The ids of the hosts that are asked for."""
    if args.host:
        document = await by_id_or_name(hub.store, Kind.CI, args.host, args.at)
        return [document["host"] or document["id"]]
    if args.service:
        if args.service not in hub.services.services:
            raise not_found("service", args.service)
        members = [member.id for _, _, found in hub.services.members.components(args.service) for member in found]
        documents = [await hub.store.get(Kind.CI, id_, at=args.at) for id_ in members]
        return sorted({str(one["host"]) for one in documents if one is not None and one["host"]})
    hosts = await hub.store.find(Kind.CI, {"class": "host"}, at=args.at)
    return sorted(one["id"] for one in hosts if one["status"] == "in_use")


async def _documents(hub: Hub, host_id: str, at: datetime | None) -> HostDocuments:
    host = await hub.store.get(Kind.CI, host_id, at=at)
    if host is None:
        raise not_found("ci", host_id)
    return host_documents(host, await hub.store.find(Kind.CI, {"host": host_id}, at=at))


def _unknown(name: str, known: Mapping[str, object]) -> Refused:
    return Refused(
        Code.USAGE, f"format {name}", "is not one of this command", f"choose from {', '.join(sorted(known))}"
    )


VERBS: Mapping[str, Verb] = {
    "exchange.import": Verb(ImportArguments, take, Role.ADMIN),
    "exchange.export": Verb(ExportArguments, give),
}
