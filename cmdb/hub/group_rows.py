"""Redundancy groups as people see them, in lists and as a view: which members, how many are well, how many may fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from cmdb.hub.census import Census
from cmdb.hub.rows import Row
from cmdb.model.change import Delta
from cmdb.model.kind import Kind
from cmdb.model.relation import Relation
from cmdb.practices.redundancy import Redundancy, group_of, groups
from cmdb.store.protocol import Store

ILL = ("warning", "critical", "unknown")


class GroupRows:
    """The groups of all dependants; a member's health moves them too."""

    default_order = "dependant_name,name"

    def __init__(self, store: Store, census: Census) -> None:
        self._store, self._census = store, census
        self._shown: dict[str, Redundancy] = {}

    async def rows(self) -> AsyncIterator[Row]:
        for group in groups(await self._store.read(Kind.RELATION, Relation, "type", ["depends_on"])):
            yield await self._row(group)

    async def row(self, id_: str) -> Row | None:
        dependant, _, name = id_.partition("/")
        relations = await self._store.read(Kind.RELATION, Relation, "source", [dependant])
        for group in groups(one for one in relations if group_of(one) == name):
            return await self._row(group)
        self._shown.pop(id_, None)
        return None

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        touched: set[str] = set()
        for delta in deltas:
            if delta.kind is Kind.RELATION and "|depends_on|" in delta.id:
                source = delta.id.partition("|")[0]
                touched |= {id_ for id_, group in self._shown.items() if group.dependant == source}
                if delta.body and (name := delta.body["evidence"].get("group")):
                    touched.add(f"{source}/{name}")
            elif delta.kind is Kind.CHECK:
                ci = delta.body["ci"] if delta.body else delta.id.rpartition("/")[0]
                touched |= {id_ for id_, group in self._shown.items() if ci in group.members}
        return touched

    async def _row(self, group: Redundancy) -> Row:
        row = await group_row(self._store, self._census, group)
        self._shown[row["id"]] = group
        return row


async def group_row(store: Store, census: Census, group: Redundancy) -> Row:
    """`well` counts the members that no check speaks against, `spare` how many of those may still fail."""
    dependant = await _named(store, census, group.dependant)
    members = [await _named(store, census, member) for member in group.members]
    members.sort(key=lambda member: (member["name"], member["id"]))
    well = sum(member["state"] not in ILL for member in members)
    return {
        "id": f"{group.dependant}/{group.name}",
        "name": group.name,
        "dependant": group.dependant,
        "dependant_name": dependant["name"],
        "needed": group.needed,
        "members": members,
        "well": well,
        "spare": well - group.needed,
    }


async def _named(store: Store, census: Census, id_: str) -> Row:
    ci = await store.get(Kind.CI, id_) or {"class": "unknown", "name": id_}
    return {"id": id_, "class": ci["class"], "name": ci["name"], "state": census.state_of(id_)}
