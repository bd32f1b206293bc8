"""Who is on call in this installation: the directory of `oncall.toml`, the overrides on record, and what was so.

Who was on call is written down as it changes; the past is read from there, never computed again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from cmdb.clock import Clock
from cmdb.hub.ledger import Ledger
from cmdb.model.change import Change, Delta, Put
from cmdb.model.kind import Kind
from cmdb.model.oncall import Override, Person, Watch
from cmdb.oncall_file import Directory, load_directory
from cmdb.practices.oncall import on_call
from cmdb.store.protocol import Document, Store, StoreError
from cmdb.toml_file import TomlError

ACTOR = "hub"
LOOK_EVERY_S = 5.0
_log = logging.getLogger(__name__)


class Roster:
    """Follows overrides and watches. `problem` is what is wrong with the file since; what it said before holds."""

    def __init__(self, ledger: Ledger, clock: Clock, path: Path) -> None:
        self._ledger, self._clock, self._path = ledger, clock, path
        self.directory = Directory()
        self.problem: TomlError | None = None
        self.overrides: dict[str, Override] = {}
        self._watches: dict[str, Watch] = {}  # the open one of each schedule
        # What else is written when people change: messages to who goes and who comes. Set by who knows what is open.
        self.handed_over: Callable[[Watch, Watch], Sequence[Change]] = lambda _before, _after: ()
        self._read = (0, 0)

    def start(self) -> None:
        """Read the file. Raises `TomlError`."""
        self._read = _signature(self._path)
        self.directory = load_directory(self._path)

    async def load(self, store: Store) -> None:
        self.overrides = {one["id"]: msgspec.convert(one, Override) for one in await store.find(Kind.OVERRIDE)}
        self._watches = {}
        for watch in await store.find(Kind.WATCH, matching=lambda one: one["end"] is None):
            self._take_watch(watch)

    async def apply(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            if delta.kind is Kind.OVERRIDE:
                self.overrides.pop(delta.id, None)
                if delta.body is not None:
                    self.overrides[delta.id] = msgspec.convert(delta.body, Override)
            elif delta.kind is Kind.WATCH and delta.body is not None:
                self._take_watch(delta.body)

    async def run(self) -> None:
        """Take up a changed file, and write down who is on call when that changes."""
        while True:
            self._reread()
            try:
                await self.record()
            except StoreError as error:
                _log.warning("who is on call is not recorded yet: %s", error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def record(self) -> None:
        """Write down who is on call now, where it is not what is on record."""
        now = self._clock.now()
        changes: list[Change] = []
        for name in sorted(self.directory.schedules.keys() | self._watches.keys()):
            people = tuple(sorted(self.on_call(name, now)))
            known = self._watches.get(name)
            if known is not None and known.people == people and name in self.directory.schedules:
                continue
            if known is not None:
                changes.append(Put(Kind.WATCH, msgspec.structs.replace(known, end=now), known.version))
            if name in self.directory.schedules:
                watch = Watch(id=f"{name}/{now:%Y-%m-%dT%H:%M:%S.%fZ}", schedule=name, people=people, start=now)
                changes.append(Put(Kind.WATCH, watch, 0))
                changes += self.handed_over(known, watch) if known is not None else ()
        done = await self._ledger.commit(changes, actor=ACTOR, reason="on call") if changes else None
        await self.apply(done.deltas if done else ())

    def on_call(self, schedule: str, at: datetime) -> frozenset[str]:
        """Who the schedule says; nobody for one that there is not."""
        known = self.directory.schedules.get(schedule)
        return frozenset() if known is None else on_call(known, self.overrides.values(), at)

    async def was_on_call(self, schedule: str, at: datetime) -> frozenset[str] | None:
        """Who was, as written down; None when nothing was."""
        for watch in await self._ledger.store.find(Kind.WATCH, {"schedule": schedule}):
            if watch["start"] <= at and (watch["end"] is None or at < watch["end"]):
                return frozenset(watch["people"])
        return None

    def people_of(self, target: str, at: datetime) -> list[Person]:
        """The people that a target of a policy stands for now."""
        kind, _, name = target.partition(":")
        names: Iterable[str] = ()
        if kind == "schedule":
            names = self.on_call(name, at)
        elif kind == "team" and name in self.directory.teams:
            names = self.directory.teams[name].members
        elif kind == "person":
            names = (name,)
        return [self.directory.people[one] for one in sorted(names) if one in self.directory.people]

    def unstaffed(self, at: datetime) -> list[str]:
        """Schedules that nobody is on call for."""
        return sorted(name for name in self.directory.schedules if not self.on_call(name, at))

    def _reread(self) -> None:
        signature = _signature(self._path)
        if signature == self._read:
            return
        self._read = signature
        try:
            self.directory = load_directory(self._path)
            self.problem = None
        except TomlError as error:
            self.problem = error
            _log.error("%s; what it said before holds", error)

    def _take_watch(self, body: Document) -> None:
        watch = msgspec.convert(body, Watch)
        if watch.end is None:
            self._watches[watch.schedule] = watch
        elif self._watches.get(watch.schedule, watch).id == watch.id:
            self._watches.pop(watch.schedule, None)


def _signature(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return status.st_mtime_ns, status.st_size
