"""`history.*`: what changed on all CIs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cmdb.hub.api.verb import ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.rows import Row, named_history_row
from cmdb.hub.session import Session
from cmdb.model.kind import Kind

RECENT = 1000


class HistoryArguments(ListArguments, frozen=True, kw_only=True):
    """`since` is included, `until` is not."""

    since: datetime | None = None
    until: datetime | None = None


async def list_(hub: Hub, _session: Session, args: HistoryArguments) -> list[Row]:
    """Newest first, with names; the last thousand where neither filter nor limit asks for others."""
    bounded = None if args.filter or args.sort else args.limit or RECENT
    rows = await hub.store.history(Kind.CI, since=args.since, until=args.until or args.at, limit=bounded)
    return listed([await named_history_row(hub.store, row) for row in rows], args, "-seq")


VERBS: Mapping[str, Verb] = {
    "history.list": Verb(HistoryArguments, list_),
}
