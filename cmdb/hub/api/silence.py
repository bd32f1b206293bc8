"""`silence.*`: for a while nobody is told of what its matchers match."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.model.silence import Silence
from cmdb.practices.silence import ending_soon, silence_error


class SilenceListArguments(ListArguments, frozen=True, kw_only=True):
    """`all`: ended ones too."""

    all: bool = False


class AddArguments(Arguments, frozen=True, kw_only=True):
    matchers: tuple[str, ...]
    end: datetime
    reason: str
    start: datetime | None = None


class EndArguments(Arguments, frozen=True, kw_only=True):
    id: str


async def list_(hub: Hub, _session: Session, args: SilenceListArguments) -> list[Row]:
    """Each with its `state`: pending, active, ending (within the hour) or ended."""
    now = args.at or hub.clock.now()
    found = [msgspec.convert(one, Silence) for one in await hub.store.find(Kind.SILENCE, at=args.at)]
    soon = {one.id for one in ending_soon(found, now)}
    rows = [{**one.body(), "state": _state(one, now, soon)} for one in found]
    return listed((row for row in rows if args.all or row["state"] != "ended"), args, "end")


async def add(hub: Hub, session: Session, args: AddArguments) -> Row:
    silence = Silence(
        id=f"silence-{secrets.token_hex(4)}",
        matchers=args.matchers,
        start=args.start or hub.clock.now(),
        end=args.end,
        by=session.actor,
        reason=args.reason,
    )
    if why := silence_error(silence):
        raise Refused(Code.USAGE, "silence add", why, "see docs/on-call.md")
    await hub.ledger.commit([Put(Kind.SILENCE, silence, 0)], actor=session.actor, reason=args.reason)
    return _added(silence)


async def end(hub: Hub, session: Session, args: EndArguments) -> Row:
    """Ends now; the record of it stays."""
    document = await hub.store.get(Kind.SILENCE, args.id)
    if document is None:
        raise not_found("silence", args.id)
    known = msgspec.convert(document, Silence)
    now = hub.clock.now()
    if known.end <= now:
        raise Refused(Code.CONFLICT, args.id, f"ended at {known.end:%Y-%m-%dT%H:%M:%SZ}")
    ended = msgspec.structs.replace(known, start=min(known.start, now), end=now)
    await hub.ledger.commit([Put(Kind.SILENCE, ended, known.version)], actor=session.actor, reason="ended early")
    return ended.body() | {"state": "ended"}


def _added(silence: Silence) -> dict[str, Any]:
    return silence.body() | {"version": 1}


def _state(silence: Silence, now: datetime, soon: set[str]) -> str:
    if now < silence.start:
        return "pending"
    if silence.end <= now:
        return "ended"
    return "ending" if silence.id in soon else "active"


VERBS: Mapping[str, Verb] = {
    "silence.list": Verb(SilenceListArguments, list_),
    "silence.add": Verb(AddArguments, add, Role.OPERATOR),
    "silence.end": Verb(EndArguments, end, Role.OPERATOR),
}
