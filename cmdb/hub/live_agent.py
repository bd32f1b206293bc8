"""What the hub knows of a connected agent and does not write down: when it was heard, how it does just now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agent.wire import Heartbeat


@dataclass(frozen=True)
class Origin:
    """Where a connection comes from. `agent_id` is the only id that its key allows (None: any, on the own socket).

    `key` is empty where it came by another way than its own key.
    """

    transport: str = "local"  # local | ssh
    peer: str = ""
    agent_id: str | None = None
    key: str = ""


@dataclass
class LiveAgent:
    """`heard_s` is monotonic; `last_report` also moves when a report found nothing new."""

    agent_id: str
    name: str
    origin: Origin
    connected_at: datetime
    last_heard: datetime
    heard_s: float
    last_report: datetime | None = None
    heartbeat: Heartbeat | None = None
