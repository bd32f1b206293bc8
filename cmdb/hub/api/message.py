"""`oncall.messages`: what was sent to whom, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.hub.api.verb import ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.kind import Kind


async def messages(hub: Hub, _session: Session, args: ListArguments) -> list[Row]:
    """Newest first; `state` is pending, sent, failed or held."""
    found = await hub.store.find(Kind.DELIVERY, at=args.at)
    return listed(map(dict, found), args, "-created_at,id")


VERBS: Mapping[str, Verb] = {
    "oncall.messages": Verb(ListArguments, messages),
}
