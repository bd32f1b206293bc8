"""Keeps services going in the hub: what the files declare, who watched until when, judging at every change.

The files hold check rules too: `rules` are those in force, `rules_changed` is told when they are others.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from cmdb.clock import Clock
from cmdb.hub.ledger import Ledger
from cmdb.hub.own_agent import OwnAgent
from cmdb.hub.services import ACTOR, Services
from cmdb.locations import Locations
from cmdb.model.change import Delta
from cmdb.model.kind import Kind
from cmdb.practices.default_service import default_agreement, this_host
from cmdb.rules_file import CheckRules
from cmdb.services_file import Declared, load_services, service_files
from cmdb.store.protocol import Document, Store, StoreError
from cmdb.toml_file import TomlError

STAMP_INTERVAL_S = 5.0
UNIT = "unit"
LOOKS_BETWEEN_ALL = 12  # figures of services that are up move slowly: once a minute is enough
_log = logging.getLogger(__name__)
Signature = tuple[tuple[str, int, int], ...]


class ServiceWatch:
    """A follower of the store (`cmdb.hub.follow`) around `services`. `start` once, then `run` until cancelled.

    `problem` is what is wrong with the files since they were last read; what they said before stays in force.
    """

    def __init__(self, ledger: Ledger, clock: Clock, locations: Locations) -> None:
        self.services = Services(ledger, clock)
        self.problem: TomlError | None = None
        self._ledger, self._clock, self._locations = ledger, clock, locations
        self._declared = Declared()
        self._read: Signature = ()
        self._own = OwnAgent()
        self._units: set[str] = set()  # of this host
        self.rules_changed: Callable[[], Awaitable[None]] | None = None

    @property
    def rules(self) -> CheckRules:
        """The check rules in force."""
        return self._declared.checks

    async def start(self, store: Store) -> None:
        """Read the files and the record, and leave the time since the last stamp unknown. Raises `TomlError`."""
        self._read = _signature(self._locations.services_dir)
        self._declared = load_services(self._locations.services_dir)
        watched_until = await self._watched_until(store)  # before the first write, which is a sign of life too
        await self.load(store)
        await self._declare(ACTOR)
        await self.services.resume(watched_until)
        self._stamp()

    async def load(self, store: Store) -> None:
        await self.services.load(store)
        for agent in await store.find(Kind.AGENT):
            self._own.take(agent)
        await self._find_units(store)

    async def apply(self, deltas: Sequence[Delta]) -> None:
        before = self._own.host, bool(self._units)
        for delta in deltas:
            if delta.kind is Kind.AGENT and delta.body is not None:
                self._own.take(delta.body)
        if self._own.host != before[0]:
            await self._find_units(self._ledger.store)
        for delta in deltas:
            if delta.kind is Kind.CI:
                self._take_unit(delta)
        await self.services.apply(deltas)
        if (self._own.host, bool(self._units)) != before:
            await self._declare(ACTOR)
            await self.services.judge()

    async def _find_units(self, store: Store) -> None:
        found = [] if self._own.host is None else await store.find(Kind.CI, {"class": UNIT, "host": self._own.host})
        self._units = {unit["id"] for unit in found if self._is_here(unit)}

    def _take_unit(self, delta: Delta) -> None:
        if delta.body is not None and delta.body["class"] == UNIT and self._is_here(delta.body):
            self._units.add(delta.id)
        else:
            self._units.discard(delta.id)

    def _is_here(self, item: Document) -> bool:
        return item["host"] is not None and item["host"] == self._own.host and item["status"] != "retired"

    async def reload(self, actor: str) -> Declared:
        """Read the files again and make what they say the record. Raises `TomlError`; then nothing changed."""
        self._read = _signature(self._locations.services_dir)
        before, self._declared = self._declared, load_services(self._locations.services_dir)
        self.problem = None
        await self._declare(actor)
        await self.services.judge()
        if self.rules_changed is not None and self._declared.checks != before.checks:
            await self.rules_changed()
        return self._declared

    async def run(self, look_again: Callable[[Iterable[str]], None]) -> None:
        """Every few seconds: say that somebody watches, take up files that changed, and tell which figures moved.

        `look_again` is given the agreements whose figures changed only because time passed.
        """
        for number in itertools.count(1):
            await asyncio.sleep(STAMP_INTERVAL_S)
            self._stamp()
            await self._take_up_files()
            look_again(self._moving(everything=number % LOOKS_BETWEEN_ALL == 0))

    async def _take_up_files(self) -> None:
        if _signature(self._locations.services_dir) == self._read:
            return
        try:
            await self.reload(ACTOR)
        except TomlError as error:
            self.problem = error
            _log.error("services.d is not taken up: %s", error)
        except StoreError as error:
            self._read = ()  # the files are looked at again
            _log.warning("services.d is taken up in %g s: %s", STAMP_INTERVAL_S, error)

    def _moving(self, *, everything: bool) -> list[str]:
        return [
            agreement.id
            for agreement in self.services.agreements.values()
            if everything or self.services.state_of(agreement.service) != "up"
        ]

    async def _declare(self, actor: str) -> None:
        services = {
            service.id: service
            for service in (this_host(self._own.host, has_units=bool(self._units)), *self._declared.services)
        }
        agreements = {agreement.id: agreement for agreement in (default_agreement(), *self._declared.agreements)}
        await self.services.declare(services.values(), agreements.values(), actor=actor)

    async def _watched_until(self, store: Store) -> datetime | None:
        """The last sign of life: the stamp, or the last row of the audit."""
        signs = [row.at for row in await store.audit(after_seq=max(0, store.seq - 1))]
        # Without a stamp, or with one cut short by a crash, the audit says it too.
        with contextlib.suppress(OSError, ValueError):
            signs.append(datetime.fromisoformat(self._locations.watched.read_text().strip()))
        return max(signs, default=None)

    def _stamp(self) -> None:
        try:
            self._locations.watched.write_text(f"{self._clock.now().isoformat()}\n")
        except OSError as error:
            _log.warning("%s is not written: %s", self._locations.watched, error.strerror)


def _signature(folder: Path) -> Signature:
    """What tells whether a file of the folder was changed since."""
    found = []
    for path in service_files(folder):
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((path.name, status.st_mtime_ns, status.st_size))
    return tuple(found)
