"""`ci.diff`: what differs between two items, or between two moments of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cmdb.difference import differences
from cmdb.filter.field import REFERENCES
from cmdb.hub.api.find import by_id_or_name
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.rows import named
from cmdb.hub.session import Session
from cmdb.model.kind import Kind
from cmdb.store.protocol import Document

OWN = frozenset({"id", "first_seen"})  # differ between any two items


class DiffArguments(Arguments, frozen=True, kw_only=True):
    """`a` and `b` are ids or names; without `b`, `a` is held against itself at another moment."""

    a: str
    b: str = ""
    from_: datetime | None = msgspec.field(default=None, name="from")
    to: datetime | None = None


async def diff(hub: Hub, _session: Session, args: DiffArguments) -> dict[str, Any]:
    """Both items by name, the attributes that differ (volatile ones left out), the names behind ids among them."""
    a = await by_id_or_name(hub.store, Kind.CI, args.a, args.from_)
    b = await by_id_or_name(hub.store, Kind.CI, args.b or a["id"], args.to)
    rows = [
        {"attribute": row.attribute, "a": row.before, "b": row.after}
        for row in differences(Kind.CI, a["id"], a, b)
        if row.attribute not in OWN
    ]
    meant = {row[side] for row in rows if row["attribute"] in REFERENCES for side in ("a", "b")}
    hosts = {one["host"] for one in (a, b) if one.get("host")}
    names = {str(id_): name for id_ in meant | hosts if id_ and (name := await named(hub.store, str(id_)))}
    return {"a": _side(a, names), "b": _side(b, names), "rows": rows, "names": names}


def _side(ci: Document, names: Mapping[str, str]) -> dict[str, Any]:
    return {"id": ci["id"], "name": ci["name"], "class": ci["class"], "host_name": names.get(ci.get("host") or "")}


VERBS: Mapping[str, Verb] = {
    "ci.diff": Verb(DiffArguments, diff),
}
