"""`view.*`: live windows on the hub's views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.feed import LONGEST_WINDOW, Subscription
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.hub.session import Session
from cmdb.hub.view_sources import source_of, view_name

MOST_VIEWS = 32

Offset = Annotated[int, msgspec.Meta(ge=0)]
Limit = Annotated[int, msgspec.Meta(ge=0, le=LONGEST_WINDOW)]


class OpenArguments(Arguments, frozen=True, kw_only=True):
    view: str
    filter: str = ""
    sort: str = ""
    offset: Offset = 0
    limit: Limit = 50
    args: dict[str, Any] = {}


class WindowArguments(Arguments, frozen=True, kw_only=True):
    """What is null stays as it is. `anchor` is an id that the window is to hold; "" lets it go."""

    subscription: int
    offset: Offset | None = None
    limit: Limit | None = None
    filter: str | None = None
    sort: str | None = None
    anchor: str | None = None


class CloseArguments(Arguments, frozen=True, kw_only=True):
    subscription: int


async def open_(hub: Hub, session: Session, args: OpenArguments) -> dict[str, Any]:
    if len(session.subscriptions) >= MOST_VIEWS:
        raise Refused(Code.USAGE, "view open", f"{MOST_VIEWS} views are open on this connection", "close one first")
    source = source_of(args.view, args.args, hub.sources)
    name = view_name(args.view, args.args)
    subscription = await hub.feed.open(name, source, args.filter, args.sort, session.send)
    session.subscriptions[subscription.number] = subscription
    subscription.move(args.offset, args.limit, None)
    if session not in hub.presence:
        hub.presence.look(session, f"{args.view} {args.filter}".strip(), hub.clock.now())
    return {"subscription": subscription.number} | await subscription.snapshot(hub.store.seq)


async def window(hub: Hub, session: Session, args: WindowArguments) -> dict[str, Any]:
    subscription = _known(session, args.subscription)
    if args.filter is not None or args.sort is not None:
        await hub.feed.change(subscription, args.filter, args.sort)
    subscription.move(args.offset, args.limit, args.anchor)
    return {"subscription": args.subscription} | await subscription.snapshot(hub.store.seq)


async def close(hub: Hub, session: Session, args: CloseArguments) -> dict[str, Any]:
    hub.feed.close(_known(session, args.subscription))
    del session.subscriptions[args.subscription]
    return {}


def _known(session: Session, number: int) -> Subscription:
    try:
        return session.subscriptions[number]
    except KeyError:
        raise Refused(Code.NOT_FOUND, f"subscription {number}", "is not open on this connection") from None


VERBS: Mapping[str, Verb] = {
    "view.open": Verb(OpenArguments, open_),
    "view.window": Verb(WindowArguments, window),
    "view.close": Verb(CloseArguments, close),
}
