"""`presence.*`: who is on, and what they look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.protocol import Code
from cmdb.hub.session import Session


class LookArguments(Arguments, frozen=True, kw_only=True):
    """`place` is in the console's words: `INC-12`, `checks state!=ok`."""

    place: Annotated[str, msgspec.Meta(min_length=1)]


async def list_(hub: Hub, _session: Session, args: ListArguments) -> list[dict[str, Any]]:
    if args.at is not None:
        raise Refused(Code.USAGE, "who", "nobody's way through the console is kept", "ask without --at")
    return listed(hub.presence.rows(), args, "name,since")


async def look(hub: Hub, session: Session, args: LookArguments) -> dict[str, Any]:
    hub.presence.look(session, args.place, hub.clock.now())
    return {}


VERBS: Mapping[str, Verb] = {
    "presence.list": Verb(ListArguments, list_),
    "presence.look": Verb(LookArguments, look),
}
