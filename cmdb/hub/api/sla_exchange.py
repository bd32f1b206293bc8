"""`sla.import` and `sla.export`: agreements as OpenSLO. What is imported becomes a file of `services.d`."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.sla_planning import chosen
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.openslo.agreement import taken, written
from cmdb.openslo.document import FieldError, read_documents
from cmdb.services_d.writing import as_toml
from cmdb.toml_file import TomlError


class ImportArguments(Arguments, frozen=True, kw_only=True):
    """`text` is YAML; `name` is that of the file that it becomes."""

    text: str
    name: str
    dry_run: bool = False


class ExportArguments(Arguments, frozen=True, kw_only=True):
    name: str = ""


async def take(hub: Hub, session: Session, args: ImportArguments) -> Row:
    """Services that are there already are kept as they are; a file that does not load is taken back."""
    try:
        found = taken(read_documents(args.text), args.name)
    except FieldError as error:
        raise Refused(Code.USAGE, f"{error.name}: {error.field}".rstrip(": "), error.why) from error
    services = [service for service in found.services if service.name not in hub.services.services]
    text = as_toml(services, found.agreements, about=f"imported from {args.name}")
    path = hub.locations.services_dir / f"openslo-{_slug(args.name)}.toml"
    if found.agreements and not args.dry_run:
        before = path.read_text() if path.exists() else None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        try:
            await hub.service_watch.reload(session.actor)
        except TomlError as error:
            path.unlink() if before is None else path.write_text(before)
            raise Refused(Code.CONFLICT, error.what, error.why, error.next_step) from error
    return {
        "file": path.name,
        "services": [service.name for service in services],
        "agreements": [agreement.name for agreement in found.agreements],
        "refused": list(found.refused),
        "text": text,
    }


async def give(hub: Hub, _session: Session, args: ExportArguments) -> Row:
    agreements = chosen(hub, args.name)
    named = {agreement.service for agreement in agreements}
    services = [service for service in hub.services.services.values() if service.name in named]
    with_hours = [
        agreement if agreement.hours else msgspec.structs.replace(agreement, timezone=_zone(hub, agreement.service))
        for agreement in agreements
    ]
    return {"text": written(services, with_hours)}


def _zone(hub: Hub, service: str) -> str:
    known = hub.services.services.get(service)
    return "UTC" if known is None else known.timezone


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "import"


VERBS: Mapping[str, Verb] = {
    "sla.import": Verb(ImportArguments, take, Role.ADMIN),
    "sla.export": Verb(ExportArguments, give),
}
