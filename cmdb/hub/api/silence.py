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
from cmdb.hub.quiet_rows import silence_row
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.model.silence import Silence
from cmdb.practices.matcher import all_match, parse_matcher
from cmdb.practices.silence import silence_error


class SilenceListArguments(ListArguments, frozen=True, kw_only=True):
    """`all`: ended ones too."""

    all: bool = False


class AddArguments(Arguments, frozen=True, kw_only=True):
    matchers: tuple[str, ...]
    end: datetime
    reason: str
    start: datetime | None = None


class PreviewArguments(Arguments, frozen=True, kw_only=True):
    matchers: tuple[str, ...]


class EndArguments(Arguments, frozen=True, kw_only=True):
    id: str


async def list_(hub: Hub, _session: Session, args: SilenceListArguments) -> list[Row]:
    """Each with its `state`: pending, active, ending (within the hour) or ended."""
    now = args.at or hub.clock.now()
    found = await hub.store.find(Kind.SILENCE, at=args.at)
    rows = [silence_row(msgspec.convert(one, Silence), now) for one in found]
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


async def show(hub: Hub, _session: Session, args: EndArguments) -> Row:
    """With `matches`: the open incidents that it holds for."""
    document = await hub.store.get(Kind.SILENCE, args.id)
    if document is None:
        raise not_found("silence", args.id)
    silence = msgspec.convert(document, Silence)
    return silence_row(silence, hub.clock.now()) | {"matches": await _matching(hub, silence.matchers)}


async def preview(hub: Hub, _session: Session, args: PreviewArguments) -> list[Row]:
    """The open incidents that such a silence would hold for."""
    try:
        return await _matching(hub, args.matchers)
    except ValueError as error:
        raise Refused(Code.USAGE, "silence preview", str(error), "see docs/on-call.md") from error


async def _matching(hub: Hub, matchers: tuple[str, ...]) -> list[Row]:
    parsed = [parse_matcher(text) for text in matchers]
    return [
        {"number": one.number, "title": one.title, "state": one.state, "priority": one.priority}
        for one in hub.book
        if all_match(parsed, await hub.escalations.labels(one))
    ]


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


VERBS: Mapping[str, Verb] = {
    "silence.list": Verb(SilenceListArguments, list_),
    "silence.show": Verb(EndArguments, show),
    "silence.preview": Verb(PreviewArguments, preview),
    "silence.add": Verb(AddArguments, add, Role.OPERATOR),
    "silence.end": Verb(EndArguments, end, Role.OPERATOR),
}
