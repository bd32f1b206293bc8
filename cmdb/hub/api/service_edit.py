"""`service.add`, `.set`, `.retire`, `.publish`, `.diff` and `sla.add`, `.set`, `.remove`: services as code, edited.

Each edits the file that declares it, and shows how first: with `dry_run` nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from tomlkit.exceptions import TOMLKitError

from cmdb.hub.api.catalogue import PublishArguments, publish
from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.service_files import Changed, Edit, ServiceFiles
from cmdb.hub.services import RETIRED
from cmdb.hub.session import Session
from cmdb.practices.declared_difference import differences
from cmdb.practices.default_service import BUILT_IN
from cmdb.practices.negotiation import NEGOTIATED
from cmdb.services_d.editing import AGREEMENT, SERVICE, NoSuchTerm
from cmdb.services_file import load_services
from cmdb.toml_file import TomlError

T = TypeVar("T")


class EditArguments(Arguments, frozen=True, kw_only=True):
    """`expected` is the digest that a dry run gave: what was shown is what is written, or nothing."""

    name: str
    dry_run: bool = False
    expected: str = ""


class TermsArguments(EditArguments, frozen=True, kw_only=True):
    """`terms` as in `services.d`; null takes one out; `holidays.country`, `component.web.select` lie deeper."""

    terms: dict[str, Any] = {}


class AddArguments(TermsArguments, frozen=True, kw_only=True):
    """`file` is the one that it is added to; without, one of the service's own name."""

    file: str = ""


class PublishServiceArguments(EditArguments, frozen=True, kw_only=True):
    note: str = ""


class Nothing(Arguments, frozen=True, kw_only=True):
    pass


async def set_service(hub: Hub, session: Session, args: TermsArguments) -> Row:
    edit = _planned("service", args.name, lambda: files_of(hub).changed(SERVICE, args.name, args.terms))
    return await done(hub, session, edit, args)


async def add_service(hub: Hub, session: Session, args: AddArguments) -> Row:
    _refuse_known("service", args.name, args.name in hub.services.services)
    return await _added(hub, session, SERVICE, args, args.name)


async def retire_service(hub: Hub, session: Session, args: EditArguments) -> Row:
    edit = _planned("service", args.name, lambda: files_of(hub).changed(SERVICE, args.name, {"stage": RETIRED}))
    return await done(hub, session, edit, args)


async def publish_service(hub: Hub, session: Session, args: PublishServiceArguments) -> Row:
    """Take it into the catalogue, and publish that as the next version."""
    service = hub.services.services.get(args.name)
    if service is None:
        raise not_found("service", args.name)
    row: Row = {"name": args.name, "file": "", "diff": "", "digest": "", "written": False}
    if service.stage != "live":
        edit = _planned("service", args.name, lambda: files_of(hub).changed(SERVICE, args.name, {"stage": None}))
        row = await done(hub, session, edit, args)
    if args.dry_run:
        return row
    return {
        **row,
        "version": await publish(hub, session, PublishArguments(note=args.note or f"{args.name} is offered")),
    }


async def diff(hub: Hub, _session: Session, _args: Nothing) -> list[Row]:
    """Where files and record say different things, and which file is not taken up."""
    try:
        declared = load_services(hub.locations.services_dir)
    except TomlError as error:
        why = f"{error.what}: {error.why}"
        return [{"what": "file", "name": error.path.name, "term": error.key, "file": None, "record": None, "why": why}]
    found = differences(
        declared.services, declared.agreements, hub.services.services.values(), hub.services.agreements.values()
    )
    return [msgspec.structs.asdict(one) for one in found]


async def set_agreement(hub: Hub, session: Session, args: TermsArguments) -> Row:
    agreement = hub.services.agreements.get(args.name)
    if agreement is not None and agreement.source == NEGOTIATED:
        step = f"draft the next revision: watchdeck sla revise {args.name} --set TERM=VALUE"
        raise Refused(Code.CONFLICT, f"sla {args.name}", "is signed by both sides", step)
    edit = _planned("sla", args.name, lambda: files_of(hub).changed(AGREEMENT, args.name, args.terms))
    return await done(hub, session, edit, args)


async def add_agreement(hub: Hub, session: Session, args: AddArguments) -> Row:
    known = hub.services.agreements.get(args.name)
    _refuse_known("sla", args.name, known is not None and known.source != BUILT_IN)
    return await _added(hub, session, AGREEMENT, args, str(args.terms.get("service", args.name)))


async def remove_agreement(hub: Hub, session: Session, args: EditArguments) -> Row:
    edit = _planned("sla", args.name, lambda: files_of(hub).without(AGREEMENT, args.name))
    return await done(hub, session, edit, args)


def files_of(hub: Hub) -> ServiceFiles:
    return ServiceFiles(hub.locations.services_dir, hub.service_watch.reload)


async def done(hub: Hub, session: Session, edit: Edit, args: EditArguments) -> Row:
    """The edit as its difference, written unless that is all that was asked for."""
    if edit.diff and not args.dry_run:
        await _write(hub, session, edit, args.expected)
    return {
        "name": args.name,
        "file": edit.path.name,
        "diff": edit.diff,
        "digest": edit.digest,
        "written": bool(edit.diff) and not args.dry_run,
    }


async def _added(hub: Hub, session: Session, what: str, args: AddArguments, service: str) -> Row:
    file = args.file or _planned("service", service, lambda: files_of(hub).file_for(service))
    if "/" in file or file.startswith(".") or not file.endswith(".toml"):
        raise Refused(Code.USAGE, "file", f"{file!r} is not the name of a file of services.d", "write shop.toml")
    noun = "service" if what == SERVICE else "sla"
    edit = _planned(noun, args.name, lambda: files_of(hub).added(what, args.name, args.terms, file))
    return await done(hub, session, edit, args)


def _refuse_known(noun: str, name: str, known: bool) -> None:
    if known:
        raise Refused(Code.CONFLICT, f"{noun} {name}", "is there already", f"change it: watchdeck {noun} set {name}")


def _planned(noun: str, name: str, plan: Callable[[], T]) -> T:
    try:
        return plan()
    except KeyError as error:
        raise Refused(
            Code.NOT_FOUND, f"{noun} {name}", "no file of services.d declares it", f"watchdeck {noun} add {name}"
        ) from error
    except NoSuchTerm as error:
        raise Refused(Code.USAGE, f"{noun} {name}", str(error)) from error
    except TomlError as error:
        raise Refused(Code.USAGE, error.what, error.why, error.next_step) from error
    except TOMLKitError as error:
        raise Refused(Code.USAGE, f"{noun} {name}", str(error)) from error


async def _write(hub: Hub, session: Session, edit: Edit, expected: str) -> None:
    try:
        await files_of(hub).write(edit, session.actor, expected)
    except Changed as error:
        raise Refused(Code.CONFLICT, str(error), "was changed meanwhile", "look at the difference again") from error
    except TomlError as error:
        raise Refused(Code.USAGE, error.what, error.why, error.next_step) from error
    except OSError as error:
        raise Refused(Code.CONFLICT, edit.path.name, f"is not written: {error.strerror}") from error
    await hub.ledger.note(actor=session.actor, reason="services.d edited", summary=edit.path.name)


VERBS: Mapping[str, Verb] = {
    "service.set": Verb(TermsArguments, set_service, Role.ADMIN),
    "service.add": Verb(AddArguments, add_service, Role.ADMIN),
    "service.retire": Verb(EditArguments, retire_service, Role.ADMIN),
    "service.publish": Verb(PublishServiceArguments, publish_service, Role.ADMIN),
    "service.diff": Verb(Nothing, diff),
    "sla.set": Verb(TermsArguments, set_agreement, Role.ADMIN),
    "sla.add": Verb(AddArguments, add_agreement, Role.ADMIN),
    "sla.remove": Verb(EditArguments, remove_agreement, Role.ADMIN),
}
