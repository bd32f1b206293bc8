"""Results that come late tell what services were while nobody knew: gathered here, then written into their record.

They come when an agent was cut off, or the hub was down, and the agent had kept on looking.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from agent.wire import Results
from checks.probes import JUDGED_AT_HUB
from cmdb.hub.check_history import CheckHistory
from cmdb.hub.check_results import Step
from cmdb.hub.ledger import Ledger
from cmdb.hub.services import ACTOR, Services
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.model.service import Interval, Service
from cmdb.practices.refine import Evidence, Past, refined
from cmdb.practices.service_state import CheckState, Judged, ServiceState
from cmdb.practices.state_record import NOBODY_WATCHED
from cmdb.store.protocol import StoreError

LATE_AFTER = timedelta(minutes=2)  # what comes sooner was only on its way
QUIET_S = 3.0  # a spool is emptied in many messages: it is looked at once it is empty
KEPT = timedelta(hours=1)  # for those of other agents, which may come later
MOST = 5_000  # of one check
MOST_TRANSITIONS = 500
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
NO_DATA = "no_data"
FRESH_INTERVALS = 3  # as `cmdb.practices.freshness` has it
_log = logging.getLogger(__name__)


class Refining:
    """What `Ingest` gives results to; `run` refines once no more come."""

    def __init__(self, ledger: Ledger, services: Services, history: CheckHistory) -> None:
        self._ledger, self._services, self._history = ledger, services, history
        self._evidence: defaultdict[str, list[Evidence]] = defaultdict(list)
        self._taken_at: datetime | None = None
        self._fresh = False

    async def take(self, agent_id: str, message: Results, steps: Sequence[Step]) -> None:
        """Raises `StoreError`."""
        await self._history.take(agent_id, message, steps)
        now = self._services.clock.now()
        for step in steps:
            found = _evidence(step)
            if _is_late(step, found, now) and len(self._evidence[step.after.id]) < MOST:
                self._evidence[step.after.id].append(found)
                self._taken_at, self._fresh = now, True

    async def run(self) -> None:
        while True:
            await asyncio.sleep(QUIET_S)
            if self._fresh:
                self._fresh = False
                continue  # more may come
            if self._taken_at is not None:
                try:
                    await self.refine()
                except StoreError as error:
                    _log.warning("what came late is written later: %s", error)

    async def refine(self) -> None:
        """Write what is known now of every time that was unknown."""
        touched = {name for check in self._evidence for name in self._services.members.services_with(check)}
        for name in sorted(touched):
            await self._refine(self._services.services[name])
        if self._taken_at is not None and self._services.clock.now() - self._taken_at > KEPT:
            self._evidence.clear()
            self._taken_at = None

    async def _refine(self, service: Service) -> None:
        oldest = min(one.start for several in self._evidence.values() for one in several)
        unknown = [
            each
            for each in self._services.records.get(service.id, ())
            if each.state == ServiceState.UNKNOWN.value and each.end is not None and each.end > oldest
        ]
        if not unknown:
            return

        def judge(states: Mapping[str, CheckState]) -> Judged:
            return self._services.members.judged_with(service, states)

        pieces = [piece for each in unknown for piece in refined(each, await self._pasts(service, each), judge)]
        changes = [Put(Kind.INTERVAL, piece) for piece in pieces]
        if changes:
            done = await self._ledger.commit(changes, actor=ACTOR, reason="results that came late")
            self._services.take(done.deltas if done else ())

    async def _pasts(self, service: Service, unknown: Interval) -> dict[str, Past]:
        """Of each check that somebody else than the hub makes; one of which nothing is known is unknown."""
        checks = [one for one in sorted(self._services.members.checks_of(service.id)) if _is_made(one)]
        return {check: Past(self._evidence.get(check) or await self._told(check, unknown)) for check in checks}

    async def _told(self, check: str, unknown: Interval) -> list[Evidence]:
        """What a check went through whose agent was there all the time; nothing of when the hub was not."""
        if unknown.end is None or unknown.source == NOBODY_WATCHED:
            return []
        found = await self._history.series.transitions(check, LONG_AGO, unknown.end, MOST_TRANSITIONS)
        ends = [unknown.end, *(one.at for one in found)]
        return [
            Evidence(start=one.at, end=end, state=CheckState(one.state, one.hard), fresh=timedelta())
            for one, end in zip(found, ends, strict=False)
            if one.reason != NO_DATA
        ]


def _is_made(check: str) -> bool:
    return check.rpartition("/")[2] not in JUDGED_AT_HUB


def _is_late(step: Step, found: Evidence, now: datetime) -> bool:
    """Nobody knew how it was, it is over for long, or it began before anything fresh could have."""
    unknown = step.before.reason == NO_DATA
    return unknown or now - found.end > LATE_AFTER or now - found.start > LATE_AFTER + found.fresh


def _evidence(step: Step) -> Evidence:
    """What a step says of the time in which it was found."""
    fresh = timedelta(seconds=step.after.definition.interval_s * FRESH_INTERVALS)
    if step.summary is not None:
        state = CheckState(step.after.state, step.after.hard)
        return Evidence(start=step.summary.start, end=step.summary.end, state=state, fresh=fresh)
    at = step.after.since if step.came is None else step.came.result.at
    return Evidence(start=at, end=at, state=CheckState(step.after.state, step.after.hard), fresh=fresh)
