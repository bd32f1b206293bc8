"""One person's program at the hub: who it acts for and what it may do. Not its socket: that is the server's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cmdb.hub.feed import Subscription
from cmdb.hub.role import Role


@dataclass(eq=False)
class Session:
    """`send(subscription, data)` queues an event; False when the peer reads too slowly just now.

    `via` is how it came, for people: `local`, or `ssh` and from where.
    """

    actor: str
    role: Role
    send: Callable[[int, Any], bool]
    via: str = "local"
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
