"""Whether what is checked can be reached at all, by the graph as it is: a dead switch is one alarm, not a hundred.

Follows checks; `run` writes `blocked_by` of those that are bad. Checking goes on, and so does resolution.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence

import msgspec

from checks.reach import blockers
from cmdb.hub.graph_keeper import GraphKeeper
from cmdb.hub.ledger import Ledger
from cmdb.hub.stirred import stirred
from cmdb.model.change import Change, Delta, Put
from cmdb.model.check import CheckRecord
from cmdb.model.kind import Kind
from cmdb.practices.correlation import SAYS_NOTHING_OF_DOWN
from cmdb.store.protocol import Document, StaleVersion, Store, StoreError

ACTOR = "hub"
ALIVE = frozenset({"heartbeat", "icmp"})  # the checks that say of a host whether it is there at all
GATHER_S = 0.05
PAUSES = 3  # times as long as a look took, so that a storm leaves the hub its time
RETRY_S = 1.0
AT_ONCE = 200
_log = logging.getLogger(__name__)


class Reachability:
    """`blockers_of` answers for the moment, the record follows."""

    def __init__(self, ledger: Ledger, topology: GraphKeeper) -> None:
        self._ledger, self._topology = ledger, topology
        self._down: dict[str, dict[str, str]] = {}  # by CI, the checks that say so with their types
        self._says_down: dict[str, str] = {}  # by check, its CI
        self._bad: dict[
            str, tuple[str, str, tuple[str, ...]]
        ] = {}  # by check, its CI, type, and who blocks it on record
        self._again: set[str] = set()  # checks to be looked at: they are bad, or were blocked
        self._everything = False
        self._stirred = asyncio.Event()
        self.listeners: list[Callable[[], None]] = []  # told when other things are hard-down than before

    def blockers_of(self, ci: str, type_: str) -> tuple[str, ...]:
        """The hard-down CIs that keep this check's from being reached; empty where it can be."""
        if not self._down:
            return ()
        if type_ not in ALIVE and not ALIVE.isdisjoint(self._down.get(ci, {}).values()):
            return (ci,)
        return blockers(ci, self._topology.graph.parents, self._down)

    async def load(self, store: Store) -> None:
        self._down, self._says_down, self._bad, self._again = {}, {}, {}, set()
        for check in await store.find(Kind.CHECK):
            self._take(check["id"], check)
        self._everything = True
        self._stirred.set()

    async def apply(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            if delta.kind is Kind.CHECK:
                self._take(delta.id, delta.body)
            elif delta.kind is Kind.RELATION and self._down:
                self._everything = True
                self._stirred.set()

    async def run(self) -> None:
        while True:
            self._stirred.clear()
            began_s = asyncio.get_running_loop().time()
            try:
                await self._look()
            except StaleVersion:
                self._stirred.set()
            except StoreError as error:
                _log.warning("what can be reached is looked at again in %g s: %s", RETRY_S, error)
                await asyncio.sleep(RETRY_S)
                self._everything = True
                self._stirred.set()
            took_s = asyncio.get_running_loop().time() - began_s
            await stirred(self._stirred, None)
            await asyncio.sleep(max(GATHER_S, PAUSES * took_s))

    async def _look(self) -> None:
        """Write who blocks what, where that is another than on record."""
        everything, self._everything = self._everything, False
        again, self._again = self._again, set()
        changed: list[str] = []
        found: dict[tuple[str, bool], tuple[str, ...]] = {}  # many checks are of one CI
        for n, id_ in enumerate(sorted(self._bad if everything else again), start=1):
            known = self._bad.get(id_)
            if known is None:
                continue
            ci, type_, on_record = known
            key = (ci, type_ in ALIVE)
            if key not in found:
                found[key] = self.blockers_of(ci, type_)
            if found[key] != on_record:
                changed.append(id_)
            if n % AT_ONCE == 0:
                await asyncio.sleep(0)
        for tell in self.listeners if everything else ():
            tell()
        try:
            for start in range(0, len(changed), AT_ONCE):
                await self._write(changed[start : start + AT_ONCE])
        except StoreError:
            self._again.update(changed)
            raise

    async def _write(self, checks: Collection[str]) -> None:
        changes: list[Change] = []
        for id_ in checks:
            document = await self._ledger.get(Kind.CHECK, id_)
            if document is None:
                continue
            check = msgspec.convert(document, CheckRecord)
            who = () if check.state == "ok" else self.blockers_of(check.ci, check.type)
            if who != check.blocked_by:
                changes.append(Put(Kind.CHECK, msgspec.structs.replace(check, blocked_by=who), check.version))
        if changes:
            await self._ledger.commit(changes, actor=ACTOR, reason="reachability")

    def _take(self, id_: str, check: Document | None) -> None:
        bad = check is not None and check["hard"] and check["state"] not in {"ok", "pending"}
        blocked_by = () if check is None else tuple(check.get("blocked_by", ()))
        if check is not None and (bad or blocked_by):
            self._bad[id_] = (check["ci"], check["type"], blocked_by)
            self._again.add(id_)
            self._stirred.set()
        else:
            self._bad.pop(id_, None)
        if check is not None and bad and _is_down(check):
            self._goes_down(id_, check)
        else:
            self._comes_up(id_)

    def _goes_down(self, id_: str, check: Document) -> None:
        if id_ not in self._says_down:
            self._says_down[id_] = check["ci"]
            self._down.setdefault(check["ci"], {})[id_] = check["type"]
            self._changed()

    def _comes_up(self, id_: str) -> None:
        ci = self._says_down.pop(id_, None)
        if ci is not None:
            del self._down[ci][id_]
            if not self._down[ci]:
                del self._down[ci]
            self._changed()

    def _changed(self) -> None:
        self._everything = True
        self._stirred.set()


def _is_down(check: Document) -> bool:
    """It says that its CI is out of service, not that something is scarce or about to end."""
    return check["state"] == "critical" and check["type"] not in SAYS_NOTHING_OF_DOWN
