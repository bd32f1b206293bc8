"""A simulated agent: one connection to the hub that says what a real one would. Not what goes wrong: `trouble`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from agent.address import UnixAddress
from agent.connection import Connection, ConnectionEnded, Side
from agent.discovery.digest import digest_of
from agent.link import Link
from agent.wire import (
    PROTOCOL,
    CheckResult,
    Heartbeat,
    Hello,
    Item,
    Offer,
    Results,
    RunCheck,
    ScanEnd,
    ScanNow,
    Section,
    SectionOutcome,
    Summary,
    Want,
    Welcome,
    Work,
)
from checks import __version__
from checks.definition import Definition
from checks.result import State
from console.demo.host import SimulatedHost
from console.demo.trouble import Troubles

SOFT_STEP_S = 4.0  # a trouble is tried again this often before it counts: quicker than life
CHANGE_EVERY_S = 1800.0
RETRY_S = 3.0
SUMMARY_EVERY_S = 60.0


class SimulatedAgent:
    """Lives until it is cancelled; a hub that goes is waited for."""

    def __init__(self, host: SimulatedHost, address: UnixAddress, rate_s: float) -> None:
        self._host, self._address = host, address
        self._troubles = Troubles(host.agent_id, rate_s)
        self._checks: dict[str, Definition] = {}
        self._states: dict[str, State] = {}
        self._outputs: dict[str, str] = {}
        self._serial = 0
        self._scan = 0

    async def run(self) -> None:
        while True:
            try:
                async with self._address.dial() as (reader, writer):
                    await self._converse(Link(reader, writer, Connection(Side.AGENT)))
            except (ConnectionEnded, OSError):
                await asyncio.sleep(RETRY_S * (1 + self._host.dice.random()))

    async def _converse(self, link: Link) -> None:
        self._scanning = False
        await link.send(
            Hello(PROTOCOL, self._host.agent_id, self._host.name, __version__, "Linux 6.1 x86_64", privileged=True)
        )
        async with asyncio.TaskGroup() as group:
            tasks: list[asyncio.Task[None]] = []
            try:
                async for message in link.messages():
                    if isinstance(message, Welcome):
                        self._serial = message.serial
                        tasks.append(group.create_task(self._beat(link, message.heartbeat_interval_s)))
                        tasks.append(group.create_task(self._go_wrong(link)))
                        tasks.append(group.create_task(self._change(link)))
                        tasks.append(group.create_task(self._sum_up(link)))
                        await self._offer(link)
                    elif isinstance(message, Want):
                        await self._report(link, message)
                    elif isinstance(message, ScanNow):
                        await self._offer(link)
                    elif isinstance(message, Work):
                        await self._work(link, message)
                    elif isinstance(message, RunCheck) and message.check in self._checks:
                        state = self._states.get(message.check, State.OK)
                        await self._tell(link, self._checks[message.check], state, run=message.run)
            finally:
                for task in tasks:
                    task.cancel()

    async def _offer(self, link: Link) -> None:
        """One scan at a time, as a real agent has it."""
        if self._scanning:
            return
        self._scanning = True
        self._scan += 1
        outcomes = tuple(
            SectionOutcome(name, "ok", 0.01, "", len(items), digest_of(items))
            for name, items in self._host.sections().items()
        )
        await link.send(Offer(self._scan, datetime.now(UTC), outcomes))

    async def _report(self, link: Link, want: Want) -> None:
        sections: Mapping[str, list[Item]] = self._host.sections()
        for name in want.sections:
            await link.send(Section(want.scan, name, sections[name]))
        await link.send(ScanEnd(want.scan, 0.2))
        self._scanning = False

    async def _work(self, link: Link, work: Work) -> None:
        """Every check that is new has its first result at once."""
        fresh = [check for check in work.checks if check.id not in self._checks and check.id not in work.states]
        self._checks = {check.id: check for check in work.checks}
        if fresh:
            await self._send(link, [self._found(check, State.OK, hard=True, attempt=1) for check in fresh])

    async def _beat(self, link: Link, every_s: float) -> None:
        while True:
            await link.send(Heartbeat(datetime.now(UTC)))
            await asyncio.sleep(every_s)

    async def _go_wrong(self, link: Link) -> None:
        while True:
            await asyncio.sleep(self._troubles.pause_s())
            trouble = self._troubles.next(list(self._checks.values()))
            if trouble is None:
                continue
            for attempt in (1, 2, 3):
                await self._tell(link, self._checks[trouble.check], trouble.state, hard=attempt == 3, attempt=attempt)
                await asyncio.sleep(SOFT_STEP_S)
            await asyncio.sleep(trouble.lasts_s)
            if trouble.check in self._checks:
                await self._tell(link, self._checks[trouble.check], State.OK)

    async def _sum_up(self, link: Link) -> None:
        """What did not change is said too, now and then: else the hub would take it for stale."""
        while True:
            start = datetime.now(UTC)
            await asyncio.sleep(SUMMARY_EVERY_S * self._host.dice.uniform(0.8, 1.0))
            end = datetime.now(UTC)
            summaries = [self._summary(check, start, end) for check in self._checks.values()]
            if summaries:
                self._serial += 1
                await link.send(Results(self._serial, [], summaries))

    def _summary(self, check: Definition, start: datetime, end: datetime) -> Summary:
        """As often as it would have run, each metric around what a run finds now."""
        state = self._states.get(check.id, State.OK)
        found = self._troubles.result(check, state, end)
        values = [(metric.name, float(metric.value)) for metric in found.metrics if metric.value is not None]
        count = max(1, round((end - start).total_seconds() / check.interval_s))
        metrics = {name: (value * 0.9, value, value * 1.1, count, value) for name, value in values}
        return Summary(check.id, start, end, int(state), count, self._outputs.get(check.id, ""), metrics)

    async def _change(self, link: Link) -> None:
        """Now and then a package is upgraded."""
        while True:
            await asyncio.sleep(self._host.dice.expovariate(1 / CHANGE_EVERY_S))
            self._host.upgrade()
            await self._offer(link)

    async def _tell(
        self,
        link: Link,
        check: Definition,
        state: State,
        *,
        hard: bool = True,
        attempt: int = 1,
        run: int | None = None,
    ) -> None:
        self._states[check.id] = state
        await self._send(link, [self._found(check, state, hard=hard, attempt=attempt, run=run)])

    def _found(
        self, check: Definition, state: State, *, hard: bool, attempt: int, run: int | None = None
    ) -> CheckResult:
        result = self._troubles.result(check, state, datetime.now(UTC))
        self._outputs[check.id] = result.output
        return CheckResult(result, hard, attempt, run=run)

    async def _send(self, link: Link, changes: list[CheckResult]) -> None:
        self._serial += 1
        await link.send(Results(self._serial, changes))
