"""What the views show: for each, its rows in the store and which changes touch them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmdb.clock import Clock
from cmdb.hub.api.refusal import Refused
from cmdb.hub.baseline_rows import BaselineRows
from cmdb.hub.census import Census
from cmdb.hub.feed import Source
from cmdb.hub.group_rows import GroupRows
from cmdb.hub.incident_book import FEW_EFFECTS, IncidentBook
from cmdb.hub.oncall_views import PersonRows, ScheduleRows
from cmdb.hub.presence import Presence
from cmdb.hub.protocol import Code
from cmdb.hub.quiet_views import maintenance, silences
from cmdb.hub.roster import Roster
from cmdb.hub.rows import Row, agent_row, check_row, ci_row, effects_of, incident_row, named_history_row
from cmdb.hub.service_days import DayRows
from cmdb.hub.service_views import AgreementRows, ServiceRows
from cmdb.hub.services import Services
from cmdb.model.change import Delta
from cmdb.model.kind import Kind
from cmdb.practices.incident_state import FINISHED, State
from cmdb.practices.priority import Matrix, urgency_of
from cmdb.store.protocol import Document, Predicate, Store

WELL = frozenset({"ok", "pending"})


class Cis:
    """CIs, of one class or all; retired ones too when asked."""

    default_order = "class,name"

    def __init__(self, store: Store, census: Census, class_: str | None) -> None:
        self._store, self._census, self._class = store, census, class_

    async def rows(self) -> AsyncIterator[Row]:
        async for ci in self._store.scan(Kind.CI, {"class": self._class} if self._class else None):
            yield await ci_row(self._store, ci, self._census.state_of)

    async def row(self, id_: str) -> Row | None:
        ci = await self._store.get(Kind.CI, id_)
        wanted = ci is not None and self._class in {None, ci["class"]}
        return await ci_row(self._store, ci, self._census.state_of) if ci is not None and wanted else None

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        found = {delta.id for delta in deltas if delta.kind is Kind.CI and self._may_be(delta.body)}
        about = {delta.body["ci"] for delta in deltas if delta.kind is Kind.CHECK and delta.body}
        if self._class is not None:
            about = {ci for ci in about if self._census.class_of(ci) in {None, self._class}}
        return found | about

    def _may_be(self, ci: Document | None) -> bool:
        return ci is None or self._class in {None, ci["class"]}


class Classes:
    """How many CIs of each class there are."""

    default_order = "class"

    def __init__(self, census: Census) -> None:
        self._census = census

    async def rows(self) -> AsyncIterator[Row]:
        for class_, counts in self._census.classes():
            yield _class_row(class_, counts)

    async def row(self, id_: str) -> Row | None:
        return next((_class_row(name, counts) for name, counts in self._census.classes() if name == id_), None)

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        bodies = [delta.body for delta in deltas if delta.kind is Kind.CI]
        if None in bodies:
            return {name for name, _counts in self._census.classes()}
        return {body["class"] for body in bodies if body}


class Belonging:
    """Which checks change, or are part of another incident than before: of one that began or ended, all are."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: set[str] = set()

    async def touched(self, deltas: Sequence[Delta]) -> set[str]:
        checks = {delta.id for delta in deltas if delta.kind is Kind.CHECK}
        checks |= {delta.body["check"] for delta in deltas if delta.kind is Kind.EFFECT and delta.body}
        for delta in deltas:
            if delta.kind is Kind.INCIDENT and self._turned(delta):
                checks |= {effect["check"] for effect in await effects_of(self._store, int(delta.id))}
        return checks

    def _turned(self, delta: Delta) -> bool:
        """Whether the incident is open now and was not, or the other way round, as far as was seen."""
        was_open, is_open = delta.id in self._open, delta.body is not None and _is_open(delta.body)
        self._open ^= {delta.id} if was_open != is_open else set()
        return was_open != is_open or not is_open


class Checks:
    default_order = "ci_name,type,id"

    def __init__(self, store: Store, book: IncidentBook) -> None:
        self._store, self._book = store, book
        self._belonging = Belonging(store)

    async def rows(self) -> AsyncIterator[Row]:
        async for check in self._store.scan(Kind.CHECK):
            yield await check_row(self._store, check, self._book.number_of)

    async def row(self, id_: str) -> Row | None:
        check = await self._store.get(Kind.CHECK, id_)
        return None if check is None else await check_row(self._store, check, self._book.number_of)

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        return await self._belonging.touched(deltas)


class Incidents:
    """Incidents, those that are over last; closed ones only when asked for."""

    default_order = "over,priority,opened_at"

    def __init__(self, store: Store, book: IncidentBook, *, closed: bool) -> None:
        self._store, self._book, self._closed = store, book, closed

    async def rows(self) -> AsyncIterator[Row]:
        async for incident in self._store.scan(Kind.INCIDENT, matching=self._wanted):
            yield await _with_few_effects(self._store, self._book, incident)

    async def row(self, id_: str) -> Row | None:
        incident = await self._store.get(Kind.INCIDENT, id_)
        if incident is None or not self._wanted(incident):
            return None
        return await _with_few_effects(self._store, self._book, incident)

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        return {delta.id for delta in deltas if delta.kind is Kind.INCIDENT}

    def _wanted(self, incident: Document) -> bool:
        return self._closed or incident["state"] != "closed"


class Triage:
    """What is broken: open incidents, and unhealthy checks that are part of none."""

    default_order = "priority,-kind,since"

    def __init__(self, store: Store, book: IncidentBook, matrix: Matrix, impact: int) -> None:
        self._store, self._book, self._matrix, self._impact = store, book, matrix, impact
        self._belonging = Belonging(store)

    async def rows(self) -> AsyncIterator[Row]:
        async for incident in self._store.scan(Kind.INCIDENT, matching=_is_open):
            yield await self._incident(incident)
        async for check in self._store.scan(Kind.CHECK, matching=lambda one: one["state"] not in WELL):
            if self._book.number_of(check["id"]) is None:
                yield await self._check(check)

    async def row(self, id_: str) -> Row | None:
        kind, _, name = id_.partition("/")
        if kind == "incident":
            incident = await self._store.get(Kind.INCIDENT, name)
            return await self._incident(incident) if incident is not None and _is_open(incident) else None
        check = await self._store.get(Kind.CHECK, name)
        if check is None or check["state"] in WELL or self._book.number_of(name) is not None:
            return None
        return await self._check(check)

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        incidents = {f"incident/{delta.id}" for delta in deltas if delta.kind is Kind.INCIDENT}
        return incidents | {f"check/{id_}" for id_ in await self._belonging.touched(deltas)}

    async def _incident(self, incident: Document) -> Row:
        row = await _with_few_effects(self._store, self._book, incident)
        return row | {"id": f"incident/{incident['id']}", "kind": "incident", "since": incident["opened_at"]}

    async def _check(self, check: Document) -> Row:
        row = await check_row(self._store, check, self._book.number_of)
        priority = self._matrix[self._impact - 1][urgency_of(check["state"]) - 1]
        own = {"id": f"check/{check['id']}", "kind": "check", "check": check["id"], "title": check["output"]}
        return row | own | {"priority": priority, "number": None}


class Agents:
    default_order = "name"

    def __init__(self, store: Store) -> None:
        self._store = store

    async def rows(self) -> AsyncIterator[Row]:
        async for agent in self._store.scan(Kind.AGENT):
            yield await agent_row(self._store, agent)

    async def row(self, id_: str) -> Row | None:
        agent = await self._store.get(Kind.AGENT, id_)
        return None if agent is None else await agent_row(self._store, agent)

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        return {delta.id for delta in deltas if delta.kind is Kind.AGENT}


class Records:
    """Documents of a kind as they are."""

    def __init__(self, store: Store, kind: Kind, default_order: str, wanted: Predicate) -> None:
        self._store, self._kind, self._wanted = store, kind, wanted
        self.default_order = default_order

    async def rows(self) -> AsyncIterator[Row]:
        async for document in self._store.scan(self._kind, matching=self._wanted):
            yield dict(document)

    async def row(self, id_: str) -> Row | None:
        document = await self._store.get(self._kind, id_)
        return dict(document) if document is not None and self._wanted(document) else None

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        return {delta.id for delta in deltas if delta.kind is self._kind}


class People:
    """Who is on; presence itself says when that changes."""

    default_order = "name,since"

    def __init__(self, presence: Presence) -> None:
        self._presence = presence

    async def rows(self) -> AsyncIterator[Row]:
        for row in self._presence.rows():
            yield row

    async def row(self, id_: str) -> Row | None:
        return next((row for row in self._presence.rows() if row["id"] == id_), None)

    async def touched(self, _deltas: Sequence[Delta]) -> Iterable[str]:
        return ()


class Changes:
    """The newest history rows of CIs and relations."""

    default_order = "-seq,id"
    kept = 5000

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: dict[str, Row] = {}

    async def rows(self) -> AsyncIterator[Row]:
        await self._read(None)
        for row in self._rows.values():
            yield row

    async def row(self, id_: str) -> Row | None:
        return self._rows.get(id_)

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        if not any(delta.kind in {Kind.CI, Kind.RELATION} for delta in deltas):
            return ()
        return await self._read(deltas[-1].seq - 1)

    async def _read(self, after_seq: int | None) -> list[str]:
        newest = max((row["seq"] for row in self._rows.values()), default=0) if after_seq is None else after_seq
        found: list[str] = []
        for kind in (Kind.CI, Kind.RELATION):
            for row in await self._store.history(kind, limit=self.kept):
                if after_seq is not None and row.seq <= newest:
                    break
                shown = await named_history_row(self._store, row)
                self._rows[shown["id"]] = shown
                found.append(shown["id"])
        return found + self._dropped()

    def _dropped(self) -> list[str]:
        """The oldest rows, when there are far more than are kept."""
        if len(self._rows) < 2 * self.kept:
            return []
        oldest = sorted(self._rows, key=lambda id_: self._rows[id_]["seq"])[: -self.kept]
        for id_ in oldest:
            del self._rows[id_]
        return oldest


@dataclass(frozen=True)
class Sources:
    """What the views are made from."""

    store: Store
    census: Census
    book: IncidentBook
    services: Services
    roster: Roster
    presence: Presence
    clock: Clock
    matrix: Matrix
    default_impact: int


def view_name(view: str, args: Mapping[str, Any]) -> str:
    """What tells this view from others."""
    return f"{view} {sorted(args.items())}"


def source_of(view: str, args: Mapping[str, Any], given: Sources) -> Source:
    """The source of a view by its name. Raises `Refused`."""
    made = _MAKE.get(view)
    if made is None:
        raise Refused(Code.USAGE, f"view {view}", "is not known")
    return made(given, args)


def _reviews(given: Sources, args: Mapping[str, Any]) -> Source:
    settled = bool(args.get("all"))
    return Records(given.store, Kind.REVIEW, "opened_at", lambda one: settled or one["state"] == "open")


_MAKE: Mapping[str, Callable[[Sources, Mapping[str, Any]], Source]] = {
    "triage": lambda given, _args: Triage(given.store, given.book, given.matrix, given.default_impact),
    "incidents": lambda given, args: Incidents(given.store, given.book, closed=bool(args.get("all"))),
    "checks": lambda given, _args: Checks(given.store, given.book),
    "ci": lambda given, args: Cis(given.store, given.census, args.get("class") or None),
    "classes": lambda given, _args: Classes(given.census),
    "agents": lambda given, _args: Agents(given.store),
    "reviews": _reviews,
    "baselines": lambda given, _args: BaselineRows(given.store, given.clock),
    "groups": lambda given, _args: GroupRows(given.store, given.census),
    "changes": lambda given, _args: Changes(given.store),
    "oncall": lambda given, _args: ScheduleRows(given.roster, given.clock),
    "roster": lambda given, _args: PersonRows(given.roster, given.clock),
    "people": lambda given, _args: People(given.presence),
    "silences": lambda given, args: silences(given.store, given.clock, ended=bool(args.get("all"))),
    "maintenance": lambda given, args: maintenance(given.store, given.clock, ended=bool(args.get("all"))),
    "services": lambda given, _args: ServiceRows(given.services, given.clock),
    "sla": lambda given, _args: AgreementRows(given.services, given.clock),
    "days": lambda given, _args: DayRows(given.services, given.clock),
}


def _is_open(incident: Document) -> bool:
    return incident["state"] not in FINISHED


async def _with_few_effects(store: Store, book: IncidentBook, incident: Document) -> Row:
    """For a window that shows the incident beside others: the first of its checks, which are its causes."""
    number = incident["number"]
    closed = incident["state"] == State.CLOSED
    effects = await effects_of(store, number) if closed else [one.body() for one in book.first_effects(number)]
    return await incident_row(store, incident) | {"effects": effects[:FEW_EFFECTS]}


def _class_row(class_: str, counts: dict[str, int]) -> Row:
    by_status = {status: counts.get(status, 0) for status in ("in_use", "missing", "retired")}
    return {"id": class_, "class": class_, "count": sum(by_status.values())} | by_status
