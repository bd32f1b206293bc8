"""One record by what people call it: its id, or a name that only one has."""

from __future__ import annotations

from datetime import datetime

from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.protocol import Code
from cmdb.model.kind import Kind
from cmdb.store.protocol import Document, Store


async def by_id_or_name(store: Store, kind: Kind, name: str, at: datetime | None = None) -> Document:
    """Raises `Refused` when there is none of this name, or several."""
    if (found := await store.get(kind, name, at=at)) is not None:
        return found
    named = await store.find(kind, matching=lambda one: one.get("name") == name, at=at)
    alive = [one for one in named if one.get("status") != "retired"] or named
    if len(alive) == 1:
        return alive[0]
    if alive:
        ids = ", ".join(one["id"] for one in alive[:4])
        raise Refused(Code.USAGE, f"{kind} {name}", f"{len(alive)} have this name", f"give the id: {ids}, …")
    raise not_found(str(kind), name)
