"""The hub's parts, made and joined: each knows those that it needs, and none of them does anything yet."""

from __future__ import annotations

import asyncio
import functools
import os
from datetime import timedelta
from typing import NamedTuple

from cmdb.clock import Clock
from cmdb.config import Config, IncidentSection
from cmdb.hub.agentless import Agentless
from cmdb.hub.agents import Agents
from cmdb.hub.census import Census
from cmdb.hub.check_history import CheckHistory, keep
from cmdb.hub.check_rules import hand_over as hand_over_checks
from cmdb.hub.check_rules import neighbours_of, plan_again
from cmdb.hub.delivery_desk import DeliveryDesk
from cmdb.hub.dependency_watch import DependencyWatch
from cmdb.hub.escalation_desk import EscalationDesk
from cmdb.hub.feed import Feed
from cmdb.hub.freshness import Freshness
from cmdb.hub.graph_keeper import GraphKeeper
from cmdb.hub.hand_over import hand_over
from cmdb.hub.hub import Hub
from cmdb.hub.identities import Identities
from cmdb.hub.incident_book import IncidentBook
from cmdb.hub.incident_desk import IncidentDesk
from cmdb.hub.incident_record import IncidentRecord
from cmdb.hub.ingest import Ingest
from cmdb.hub.key_ring import KeyRing
from cmdb.hub.ledger import Ledger
from cmdb.hub.listing import compiled, ordered
from cmdb.hub.live_agent import LiveAgent
from cmdb.hub.maintenance_watch import MaintenanceWatch
from cmdb.hub.measuring import Measuring
from cmdb.hub.outlook import Outlook
from cmdb.hub.presence import Presence
from cmdb.hub.reach import reached_by, timed_by
from cmdb.hub.reachability import Reachability
from cmdb.hub.recognition import Recognition
from cmdb.hub.reconciling import Reconciling
from cmdb.hub.refining import Refining
from cmdb.hub.roster import Roster
from cmdb.hub.service_watch import ServiceWatch
from cmdb.hub.view_sources import People, Sources
from cmdb.hub.work import work_for
from cmdb.identity.rules import IdentityPolicy
from cmdb.locations import Locations
from cmdb.practices.incident_weight import Policy, Stakes
from cmdb.series.file import SeriesFile
from cmdb.store.protocol import Store


class _AgentSide(NamedTuple):
    """What hears agents, tells them what to do, and keeps what they say."""

    dependencies: DependencyWatch
    recognition: Recognition
    check_history: CheckHistory
    refining: Refining
    identities: Identities
    keys: KeyRing
    agents: Agents
    agentless: Agentless
    freshness: Freshness


def put_together(
    locations: Locations, config: Config, clock: Clock, store: Store, series: SeriesFile
) -> tuple[Hub, Freshness]:
    """Every part of a hub that is to work in this installation."""
    ledger, census, book, topology, presence = Ledger(store, clock), Census(), IncidentBook(), GraphKeeper(), Presence()
    watch = ServiceWatch(ledger, clock, locations)
    maintenance = MaintenanceWatch(ledger, clock)
    roster = Roster(ledger, clock, locations.oncall)
    roster.handed_over = functools.partial(hand_over, roster, book)
    feed = Feed(store, lambda text: compiled(text, watch.services.members.known), ordered)
    presence.changed = functools.partial(feed.look_again, People)
    matrix, impact = config.incident.matrix, config.incident.default_impact
    policy = _policy(config.incident, watch, topology)
    incidents = IncidentRecord(ledger, book, functools.partial(timed_by, watch.services, config.incident))
    desk = IncidentDesk(ledger, clock, config.incident.open_on, policy, book, incidents, maintenance)
    measuring = Measuring(store, series, watch.services)
    reported = asyncio.Event()
    side = _agent_side(ledger, clock, config, watch, series, reported)
    hub = Hub(
        locations=locations,
        config=config,
        clock=clock,
        store=store,
        ledger=ledger,
        census=census,
        book=book,
        incidents=incidents,
        policy=policy,
        desk=desk,
        roster=roster,
        maintenance=maintenance,
        escalations=EscalationDesk(ledger, clock, book, roster, lambda: acknowledge_command(hub), maintenance),
        deliveries=DeliveryDesk(ledger, clock, roster, pause_s=config.notify.first_pause_s),
        agents=side.agents,
        ready=reported,
        feed=feed,
        sources=Sources(store, census, book, watch.services, roster, presence, clock, matrix, impact),
        service_watch=watch,
        identities=side.identities,
        keys=side.keys,
        presence=presence,
        dependencies=side.dependencies,
        recognition=side.recognition,
        topology=topology,
        measuring=measuring,
        refining=side.refining,
        outlook=Outlook(watch.services, measuring, config.incident),
        check_history=side.check_history,
        reachability=_reachability(ledger, topology, desk),
        agentless=side.agentless,
        started_at=clock.now(),
    )
    return hub, side.freshness


def acknowledge_command(hub: Hub) -> str:
    """What a person types to acknowledge incident `{number}`."""
    if hub.ssh is None:
        return "watchdeck incident ack {number}"
    host, port = hub.ssh
    name = hub.config.hub.name or os.uname().nodename if host in {"*", "", "0.0.0.0", "::"} else host
    return f"ssh -p {port} {name} incident ack {{number}}"


def _policy(config: IncidentSection, watch: ServiceWatch, topology: GraphKeeper) -> Policy:
    """How incidents are weighed: by the configuration, and by what the graph and the services are at that moment."""
    return Policy(
        matrix=config.matrix,
        default_impact=config.default_impact,
        respond_minutes=config.respond_minutes,
        resolve_minutes=config.resolve_minutes,
        hold_down=timedelta(seconds=config.hold_down_s),
        reopen_within=timedelta(hours=config.reopen_within_h),
        stakes=Stakes(
            reached=lambda cis, down, elsewhere: reached_by(watch.services, topology.graph, cis, down, elsewhere),
            explains=topology.explains,
        ),
    )


def _reachability(ledger: Ledger, topology: GraphKeeper, desk: IncidentDesk) -> Reachability:
    """What is out of reach, and the desk's knowledge of it."""
    reachability = Reachability(ledger, topology)
    desk.troubles.blockers_of = reachability.blockers_of
    reachability.listeners.append(desk.reach_changed)
    return reachability


def _agent_side(
    ledger: Ledger, clock: Clock, config: Config, watch: ServiceWatch, series: SeriesFile, reported: asyncio.Event
) -> _AgentSide:
    store, identities = ledger.store, Identities()
    dependencies = DependencyWatch(ledger, clock)
    recognition = Recognition(store, clock, IdentityPolicy(timedelta(seconds=config.agent.scan_interval_s)))
    reconciling = Reconciling(store, clock, config.check, recognition, lambda: watch.rules)
    check_history = CheckHistory(series, clock, keep(config.check))
    refining = Refining(ledger, watch.services, check_history)
    keys = KeyRing(ledger, identities)
    ingest = Ingest(ledger, clock, reconciling, dependencies, refining)
    agents = _agents(store, ingest, clock, config, reported, keys)
    agentless = Agentless(ledger, clock, config.check, lambda: watch.rules, agents.work_changed)
    freshness = Freshness(ledger, clock, config.check)
    reconciling.hubs_agent = lambda: agentless.hubs_agent
    watch.rules_changed = functools.partial(
        plan_again, store, ledger, reconciling, agents.work_changed, agentless.rules_changed
    )
    agentless.plan_hosts = watch.rules_changed
    freshness.agent_changed = functools.partial(hand_over_checks, ledger, reconciling, agents.work_changed)
    return _AgentSide(
        dependencies, recognition, check_history, refining, identities, keys, agents, agentless, freshness
    )


def _agents(
    store: Store, ingest: Ingest, clock: Clock, config: Config, first_report: asyncio.Event, keys: KeyRing
) -> Agents:
    """The end that agents talk to, and what is made of what they say."""

    async def reported(live: LiveAgent) -> None:
        for agent in await neighbours_of(store, live.agent_id):
            await agents.work_changed(agent.id)
        first_report.set()

    work = functools.partial(work_for, store)
    agents = Agents(ingest, store, clock, config.agent, work_for=work, reported=reported, keys=keys)
    return agents
