"""The hub's process: its parts put together, started, and stopped cleanly.

It ends on SIGTERM, SIGINT, `hub.stop`, and when the pipe that its starter holds is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

from checks.cancelled import cancelled
from cmdb.clock import Clock, SystemClock
from cmdb.config import Config
from cmdb.hub.api.table import VERBS
from cmdb.hub.assembly import put_together
from cmdb.hub.burn_alarms import BurnAlarms
from cmdb.hub.clock_watch import ClockWatch
from cmdb.hub.disruptions import Disruptions
from cmdb.hub.follow import Follower, follow
from cmdb.hub.freshness import Freshness
from cmdb.hub.hub import Hub
from cmdb.hub.maildrop import mailboxes_of, watch_mail
from cmdb.hub.notices import Notices
from cmdb.hub.passing_time import let_time_pass
from cmdb.hub.ready_views import keep_views_ready
from cmdb.hub.retention_rules import retention_rules
from cmdb.hub.server import serving
from cmdb.hub.service_views import AgreementRows
from cmdb.hub.tidying import tidy_daily
from cmdb.hub.update_watch import UpdateWatch
from cmdb.hub.webhook import webhook
from cmdb.locations import Locations
from cmdb.series.file import SeriesFile
from cmdb.stakeholder import tell_stakeholder
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.protocol import Store, StoreError

Part = Callable[[Hub], contextlib.AbstractAsyncContextManager[None]]
Start = Callable[[Coroutine[Any, Any, None], str], None]
_log = logging.getLogger(__name__)


def run_hub(
    locations: Locations, config: Config, *, lifeline_fd: int | None = None, parts: Sequence[Part] = ()
) -> None:
    """Run the hub of this installation in this process until it is told to stop.

    `parts` are started once it is up and stopped before it is down: what the composition root adds.
    Raises `StoreError` when the state directory is taken or cannot be used.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_until_stopped(locations, config, lifeline_fd, parts))


async def _until_stopped(locations: Locations, config: Config, lifeline_fd: int | None, parts: Sequence[Part]) -> None:
    async with contextlib.AsyncExitStack() as stack:
        store = await opened(locations)
        stack.push_async_callback(store.close)
        hub = await stack.enter_async_context(running(locations, config, SystemClock(), store, complete=not parts))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, hub.stopping.set)
            stack.callback(loop.remove_signal_handler, number)
        if lifeline_fd is not None:
            loop.add_reader(lifeline_fd, _watch, lifeline_fd, hub.stopping)
            stack.callback(loop.remove_reader, lifeline_fd)
        for part in parts:
            await stack.enter_async_context(part(hub))
        hub.complete.set()
        await hub.stopping.wait()
        _log.info("stopping")


@contextlib.asynccontextmanager
async def running(
    locations: Locations, config: Config, clock: Clock, store: Store, *, complete: bool = True
) -> AsyncIterator[Hub]:
    """A hub that answers at its sockets inside the `async with`; one that is not `complete` tells nobody yet."""
    async with _opened_series(locations) as series:
        hub, freshness = put_together(locations, config, clock, store, series)
        if complete:
            hub.complete.set()
        async with _at_work(hub, freshness):
            yield hub


@contextlib.asynccontextmanager
async def _opened_series(locations: Locations) -> AsyncIterator[SeriesFile]:
    series = await SeriesFile.open(locations.series)
    try:
        yield series
    finally:
        await series.close()


@contextlib.asynccontextmanager
async def _at_work(hub: Hub, freshness: Freshness) -> AsyncIterator[None]:
    locations, config = hub.locations, hub.config
    async with _tasks(hub) as start:
        await _set_to_work(hub, freshness, start)
        async with (
            hub.agents.running(locations.agent_socket),
            webhook(config.webhook, locations.keys / "webhook-token", hub.desk.report) as hub.webhook_port,
            serving(hub, VERBS, locations.hub_socket),
            _metrics_exposed(hub),
        ):
            yield


async def _set_to_work(hub: Hub, freshness: Freshness, start: Start) -> None:
    """Read the record, then follow it; each part's own work in a task of its own."""
    await hub.service_watch.start(hub.store)
    await hub.agentless.load(hub.store)  # who is to run what rules ask for
    if hub.service_watch.rules_changed is not None:
        await hub.service_watch.rules_changed()  # the files may have changed while no hub was there
    hub.roster.start()
    for follower in _followers(hub, freshness):
        await _followed(hub, follower, start)
    start(hub.agentless.run(), "agentless")
    start(hub.reachability.run(), "reachability")
    start(hub.desk.run(), "incident desk")
    start(freshness.run(), "freshness")
    start(hub.check_history.run(), "check history")
    hub.maintenance.listeners += [hub.desk.maintenance_changed, hub.services.maintenance_changed]
    start(hub.maintenance.run(), "maintenance")
    start(hub.roster.run(), "roster")
    start(_escalate(hub), "escalation desk")
    start(hub.deliveries.run(), "delivery desk")
    start(hub.feed.run(), "feed")
    start(keep_views_ready(hub.feed, hub.sources), "views kept ready")
    start(hub.dependencies.run(), "dependencies")
    start(hub.service_watch.run(lambda ids: hub.feed.look_again(AgreementRows, ids)), "service clock")
    start(let_time_pass(hub.feed, hub.roster, hub.services, hub.store), "passing time")
    start(_watch_agreements(hub), "agreements")
    if hub.config.otlp.url:
        # A library that most hubs do not need.
        from cmdb.hub.otlp import push_metrics  # noqa: PLC0415

        start(push_metrics(hub, hub.config.otlp), "otlp")
    start(hub.measuring.run(), "measuring")
    start(hub.refining.run(), "refining")
    start(tidy_daily(hub.ledger, hub.clock, retention_rules(hub.config.retention)), "tidying")
    for mailbox in mailboxes_of(hub.config.mail):
        start(watch_mail(mailbox, hub.config.mail.look_every_s, hub.desk.report), f"mail of {mailbox}")


async def _escalate(hub: Hub) -> None:
    """Once all is up: what people are told names the way in, which is open only then."""
    await hub.complete.wait()
    await hub.escalations.run()


@contextlib.asynccontextmanager
async def _metrics_exposed(hub: Hub) -> AsyncIterator[None]:
    if not hub.config.hub.metrics_port:
        yield
        return
    # A library that most hubs do not need.
    from cmdb.hub.metrics import exposed  # noqa: PLC0415

    async with exposed(hub, hub.config.hub.metrics_port):
        yield


def _followers(hub: Hub, freshness: Freshness) -> Sequence[Follower]:
    """Who keeps a picture of the record, in the order in which they are read: later ones look into earlier ones."""
    return (
        hub.census,
        hub.book,
        hub.service_watch,
        hub.topology,
        hub.agentless,
        hub.reachability,
        hub.maintenance,
        hub.desk,
        freshness,
        hub.check_history,
        hub.roster,
        hub.escalations,
        hub.deliveries,
        hub.feed,
        hub.identities,
        hub.dependencies,
        hub.recognition,
    )


async def _watch_agreements(hub: Hub) -> None:
    """Look ahead now and then: budgets that burn too quickly, clocks that run out, notices of breaches."""
    tell = functools.partial(tell_stakeholder, hub.locations, hub.config.notice.mail)
    notices = Notices(hub.ledger, hub.clock, hub.services, hub.outlook, hub.book, tell)
    alarms = BurnAlarms(hub.clock, hub.services, hub.book, hub.incidents, hub.policy)
    disruptions = Disruptions(hub.ledger, hub.clock, hub.services, hub.maintenance, tell)
    clocks = ClockWatch(hub.clock, hub.services, hub.config.incident, hub.book, hub.incidents)
    updates = UpdateWatch(hub.ledger, hub.clock, hub.book, hub.roster, hub.escalations)
    while True:
        await asyncio.sleep(hub.config.notice.every_s)
        for part in (alarms, clocks, updates, notices, disruptions):
            try:
                await part.look()
            except StoreError as error:
                _log.warning("agreements are looked at again in %g s: %s", hub.config.notice.every_s, error)


async def opened(locations: Locations) -> Store:
    """The store of this installation, its state directory made if need be. Raises `StoreError`."""
    locations.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    return await EmbeddedStore.open(locations.database)


async def _followed(hub: Hub, follower: Follower, start: Start) -> None:
    seq = hub.store.seq
    await follower.load(hub.store)
    start(follow(hub.store, follower, seq), type(follower).__name__.lower())


@contextlib.asynccontextmanager
async def _tasks(hub: Hub) -> AsyncIterator[Start]:
    """Tasks that live as long as the hub; one that fails stops it, since nothing would do its work."""
    tasks: list[asyncio.Task[None]] = []

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            _log.critical("%s failed; the hub stops", task.get_name(), exc_info=error)
            hub.stopping.set()

    def start(work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(ended)
        tasks.append(task)

    try:
        yield start
    finally:
        await cancelled(tasks)


def _watch(lifeline_fd: int, stopping: asyncio.Event) -> None:
    """The starter writes nothing: that the pipe can be read means that it has ended."""
    if not os.read(lifeline_fd, 4096):
        stopping.set()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where it is installed, else asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415 — not on every platform
    except ImportError:
        return None
    return uvloop.new_event_loop
