"""`check.*`: checks and their states."""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.hub.api.verb import ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.rows import Row, check_row
from cmdb.hub.session import Session
from cmdb.model.kind import Kind


async def list_(hub: Hub, _session: Session, args: ListArguments) -> list[Row]:
    found = await hub.store.find(Kind.CHECK, at=args.at)
    return listed([await check_row(hub.store, one, hub.book.number_of, args.at) for one in found], args, "ci_name,id")


VERBS: Mapping[str, Verb] = {
    "check.list": Verb(ListArguments, list_),
}
