"""Records as the lists and views show them: the document, with the names and states of what it points at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from cmdb.model.change import HistoryRow
from cmdb.model.kind import Kind
from cmdb.practices.incident_state import FINISHED
from cmdb.store.protocol import Document, Store

_ROLES = ("cause", "duplicate", "impact")
Row = dict[str, Any]
StateOf = Callable[[str], str | None]  # a CI's id → the worst state of its checks
NumberOf = Callable[[str], int | None]  # a check's id → the open incident that it is part of


async def ci_row(store: Store, ci: Document, state_of: StateOf, at: datetime | None = None) -> Row:
    """A CI with its health and its host's name; what a person set wins over what was discovered."""
    attributes = {**ci.get("attributes", {}), **ci.get("overrides", {})}
    host_name = ci["name"] if ci.get("host") == ci["id"] else await named(store, ci.get("host"), at)
    return {**ci, "attributes": attributes, "state": state_of(ci["id"]), "host_name": host_name}


async def check_row(store: Store, check: Document, number_of: NumberOf, at: datetime | None = None) -> Row:
    """A check without its definition and its whole last result: `check.show` has them.

    `behind` are the names of what keeps it from being reached.
    """
    row = {name: value for name, value in check.items() if name not in {"definition", "last_result"}}
    behind = [await named(store, ci, at) or ci for ci in check.get("blocked_by", ())]
    return row | await _place(store, check["ci"], at) | {"incident": number_of(check["id"]), "behind": behind}


async def incident_row(store: Store, incident: Document, at: datetime | None = None) -> Row:
    """An incident with where it is; `over` sorts what is resolved or closed after what is open."""
    return {**incident, **await _place(store, incident.get("ci"), at), "over": incident["state"] in FINISHED}


async def effects_of(store: Store, number: int, at: datetime | None = None) -> list[Document]:
    """The checks that an incident is about: causes, what saw the same, then impact; each as they became bad."""
    found = await store.find(Kind.EFFECT, {"incident": number}, at=at)
    return sorted(found, key=lambda one: (_ROLES.index(one["role"]), one["since"], one["check"]))


async def agent_row(store: Store, agent: Document, at: datetime | None = None) -> Row:
    host = await named(store, agent.get("host"), at)
    return {**agent, "host_name": host}


def history_row(row: HistoryRow) -> Row:
    """One attribute of one record, from → to; `record` is that record's id."""
    return {
        "id": f"{row.seq}/{row.kind}/{row.id}/{row.attribute}",
        "seq": row.seq,
        "at": row.at,
        "kind": row.kind,
        "record": row.id,
        "attribute": row.attribute,
        "before": row.before,
        "after": row.after,
        "actor": row.actor,
        "reason": row.reason,
    }


async def named_history_row(store: Store, row: HistoryRow) -> Row:
    """The same with the `name` of what changed, its `ci` (of a relation: its source) and the name of its host."""
    shown = history_row(row)
    if row.kind is Kind.RELATION:
        source, type_, target = (*row.id.split("|"), "", "")[:3]
        place = await _place(store, source, None)
        name = f"{place['ci_name']} {type_.replace('_', ' ')} {await named(store, target, None) or target}"
        return shown | {"name": name, "ci": source, "class": "relation", "host_name": place["host_name"]}
    ci = await store.get(row.kind, row.id)
    if ci is None:  # deleted: its first or last row has the name
        headline = next((one for one in (row.before, row.after) if isinstance(one, dict) and "name" in one), {})
        return shown | {"name": headline.get("name", row.id), "ci": row.id, "class": None, "host_name": None}
    host_name = ci["name"] if ci.get("host") == ci["id"] else await named(store, ci.get("host"), None)
    return shown | {"name": ci["name"], "ci": row.id, "class": ci["class"], "host_name": host_name}


class _Named(msgspec.Struct, frozen=True, gc=False):
    """Of a CI what is said beside the records that are about it."""

    id: str
    name: str
    class_: str = msgspec.field(name="class")
    host: str | None = None


_named_of = msgspec.msgpack.Decoder(_Named).decode


async def _place(store: Store, ci_id: str | None, at: datetime | None) -> Row:
    """`ci_name`, `ci_class`, `host` and `host_name` of what is about this CI."""
    ci = await _item(store, ci_id, at)
    if ci is None:
        return {"ci_name": ci_id or "", "ci_class": None, "host": None, "host_name": None}
    host_name = ci.name if ci.host == ci.id else await named(store, ci.host, at)
    return {"ci_name": ci.name, "ci_class": ci.class_, "host": ci.host, "host_name": host_name}


async def named(store: Store, ci_id: str | None, at: datetime | None = None) -> str | None:
    """What the item of this id is called; None when there is none."""
    ci = await _item(store, ci_id, at)
    return None if ci is None else ci.name


async def _item(store: Store, ci_id: str | None, at: datetime | None) -> _Named | None:
    """Without the rest of its document: lists ask this for each of 100,000 rows."""
    if not ci_id:
        return None
    if at is not None:
        return msgspec.convert(await store.get(Kind.CI, ci_id, at=at), _Named | None)
    (packed,) = await store.bodies([(Kind.CI, ci_id)])
    return None if packed is None else _named_of(packed)
