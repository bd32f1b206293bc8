"""The hub's parts, as its verbs see them. Not their start and stop: that is `cmdb.hub.main`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cmdb.clock import Clock
from cmdb.config import Config
from cmdb.hub.agentless import Agentless
from cmdb.hub.agents import Agents
from cmdb.hub.census import Census
from cmdb.hub.check_history import CheckHistory
from cmdb.hub.delivery_desk import DeliveryDesk
from cmdb.hub.dependency_watch import DependencyWatch
from cmdb.hub.escalation_desk import EscalationDesk
from cmdb.hub.feed import Feed
from cmdb.hub.graph_keeper import GraphKeeper
from cmdb.hub.identities import Identities
from cmdb.hub.incident_book import IncidentBook
from cmdb.hub.incident_desk import IncidentDesk
from cmdb.hub.incident_record import IncidentRecord
from cmdb.hub.key_ring import KeyRing
from cmdb.hub.ledger import Ledger
from cmdb.hub.maintenance_watch import MaintenanceWatch
from cmdb.hub.measuring import Measuring
from cmdb.hub.outlook import Outlook
from cmdb.hub.presence import Presence
from cmdb.hub.reachability import Reachability
from cmdb.hub.recognition import Recognition
from cmdb.hub.refining import Refining
from cmdb.hub.roster import Roster
from cmdb.hub.service_watch import ServiceWatch
from cmdb.hub.services import Services
from cmdb.hub.view_sources import Sources
from cmdb.locations import Locations
from cmdb.practices.incident_weight import Policy
from cmdb.store.protocol import Store


@dataclass
class Hub:
    locations: Locations
    config: Config
    clock: Clock
    store: Store
    ledger: Ledger
    census: Census
    book: IncidentBook
    incidents: IncidentRecord
    policy: Policy
    desk: IncidentDesk
    roster: Roster
    maintenance: MaintenanceWatch
    escalations: EscalationDesk
    deliveries: DeliveryDesk
    agents: Agents
    feed: Feed
    sources: Sources
    service_watch: ServiceWatch
    identities: Identities
    keys: KeyRing
    presence: Presence
    dependencies: DependencyWatch
    recognition: Recognition
    topology: GraphKeeper
    outlook: Outlook
    measuring: Measuring
    refining: Refining
    check_history: CheckHistory
    reachability: Reachability
    agentless: Agentless
    started_at: datetime
    complete: asyncio.Event = field(default_factory=asyncio.Event)  # what the composition root adds is up, too
    ssh: tuple[str, int] | None = None
    webhook_port: int | None = None
    refused: Callable[[str, str], None] = lambda who, why: None  # told of what a role does not allow
    host_key: str = ""  # the front door's, as `TYPE BASE64`
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def services(self) -> Services:
        return self.service_watch.services

    @property
    def lag_s(self) -> float:
        """How late the worst of the connected agents runs its checks."""
        return max((live.heartbeat.lag_s for live in self.agents.live.values() if live.heartbeat), default=0.0)

    @property
    def overdue(self) -> int:
        """How many checks of all connected agents are past their time."""
        return sum(live.heartbeat.overdue for live in self.agents.live.values() if live.heartbeat)
