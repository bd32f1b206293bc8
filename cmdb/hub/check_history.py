"""Keeps what checks went through and measured: every transition once, whoever made it. Not how they are now.

What agents tell is taken before it is on record, so that a hub that is killed in between is told it again; what the
hub finds itself (no data, unreachable, heartbeats) is taken from the record, at its start too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from agent.wire import Results, Summary
from checks.probes import JUDGED_AT_HUB
from checks.rollup import Rollup, of_summary, start_of
from cmdb.clock import Clock
from cmdb.config import CheckSection
from cmdb.hub.check_results import Step
from cmdb.model.change import Delta
from cmdb.model.check import CheckRecord
from cmdb.model.kind import Kind
from cmdb.series.file import SeriesFile
from cmdb.series.keep import Keep
from cmdb.series.measured import Measured
from cmdb.series.transition import Transition, transition_of
from cmdb.store.protocol import Document, Store, StoreError

_Standing = tuple[str, bool, int, str | None]
FORGET_EVERY_S = 3600.0
_log = logging.getLogger(__name__)


class CheckHistory:
    """A follower of the record, and what `Ingest` gives results to."""

    def __init__(self, series: SeriesFile, clock: Clock, keep: Keep) -> None:
        self.series = series
        self._clock, self._keep = clock, keep
        self._known: dict[str, tuple[_Standing, datetime | None]] = {}  # and when it was last looked at

    async def take(self, agent_id: str, message: Results, steps: Sequence[Step]) -> None:
        """What one message of an agent made of its checks. Raises `StoreError`."""
        transitions = transitions_of(steps, self._clock.now())
        measured = [one for step in steps if step.summary is not None for one in _measured(step.before, step.summary)]
        if transitions or measured:
            await self.series.take(agent_id, message.serial, transitions, measured)

    async def load(self, store: Store) -> None:
        latest = {id_: one.standing for id_, one in (await self.series.latest()).items()}
        checks = await store.find(Kind.CHECK)
        self._known = {check["id"]: _known(check) for check in checks}
        await self._note([check for check in checks if latest.get(check["id"]) != _standing(check)])

    async def apply(self, deltas: Sequence[Delta]) -> None:
        found = []
        for delta in deltas:
            if delta.kind is not Kind.CHECK:
                continue
            before = self._known.pop(delta.id, None)
            if delta.body is not None:
                self._known[delta.id] = _known(delta.body)
                found += [delta.body] if _is_the_hubs_own(before, delta.body) else []
        await self._note(found)

    async def run(self) -> None:
        """Forget what is older than is to be kept, now and then."""
        while True:
            await asyncio.sleep(FORGET_EVERY_S)
            try:
                await self.series.forget(self._keep, self._clock.now())
            except StoreError as error:
                _log.warning("old series are forgotten later: %s", error)

    async def _note(self, checks: Sequence[Document]) -> None:
        known = [_as_it_is(check) for check in checks if check["state"] != "pending"]
        if known:
            await self.series.note(known)


def keep(config: CheckSection) -> Keep:
    """How long, as it is configured."""
    return Keep(
        minutes=timedelta(days=config.keep_minutes_d),
        hours=timedelta(days=config.keep_hours_d),
        days=timedelta(days=config.keep_days_d),
        transitions=timedelta(days=config.keep_transitions_d),
    )


def _standing(check: Document) -> _Standing:
    return check["state"], check["hard"], check["attempt"], check["reason"]


def _known(check: Document) -> tuple[_Standing, datetime | None]:
    return _standing(check), check["last_result_at"]


def _is_the_hubs_own(before: tuple[_Standing, datetime | None] | None, check: Document) -> bool:
    """It stands otherwise though no result came, or is judged here: no agent told it."""
    standing, looked_at = before or (None, None)
    return standing != _standing(check) and (check["type"] in JUDGED_AT_HUB or looked_at == check["last_result_at"])


def _as_it_is(check: Document) -> Transition:
    record = msgspec.convert(check, CheckRecord)
    return transition_of(record, record.since)


def transitions_of(steps: Sequence[Step], now: datetime) -> list[Transition]:
    """Each at the moment when it was found. Where nobody knew how a check is, also that it is known again now."""
    found = [_transition(step) for step in steps if step.changed and _found_at(step) >= step.before.since]
    unknown_since: dict[str, datetime] = {}
    final = {step.after.id: step for step in steps}
    for step in steps:
        if step.before.reason == "no_data":
            unknown_since[step.after.id] = step.before.since
    for id_, since in unknown_since.items():
        if _found_at(final[id_]) < since:
            found.append(transition_of(final[id_].after, now))
    return found


def _found_at(step: Step) -> datetime:
    return step.after.since if step.came is None else step.came.result.at


def _transition(step: Step) -> Transition:
    return transition_of(step.after, _found_at(step), None if step.came is None else step.after.last_result)


def _measured(check: CheckRecord, summary: Summary) -> list[Measured]:
    units = {metric["name"]: metric.get("unit", "") for metric in check.metrics}
    start = start_of(summary.start, "1m")
    return [Measured(check.id, name, units.get(name, ""), _rollup(start, name, summary)) for name in summary.metrics]


def _rollup(start: datetime, name: str, summary: Summary) -> Rollup:
    rollup = of_summary(start, summary.metrics[name])
    counted = summary.buckets.get(name)
    return rollup if counted is None else msgspec.structs.replace(rollup, buckets=counted)
