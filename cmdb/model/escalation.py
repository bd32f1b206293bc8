"""How far an incident has escalated, and what was sent to whom about it: what a restarted hub goes on from."""

from __future__ import annotations

import enum
from datetime import datetime

from cmdb.model.kind import Record


class Escalation(Record, frozen=True, kw_only=True):
    """`id` is `<incident>/<route>`. `step` and `round` come next, `taken` counts all steps; `next_at` None: it is over.

    `opening` is how often the incident was reopened or re-armed: then it escalates anew. `group` is what it is told
    together with. `silence` is what holds it back until `next_at`.
    """

    incident: int
    policy: str
    route: str = ""
    group: str = ""
    silence: str | None = None
    opening: int = 0
    step: int = 0
    round: int = 0
    taken: int = 0
    escalated_at: datetime | None = None
    next_at: datetime | None = None


class DeliveryState(enum.StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"  # every channel failed, or there is none
    HELD = "held"  # silenced, or in quiet hours


class Delivery(Record, frozen=True, kw_only=True):
    """One message to one person about one incident or group. `id` says which step it is of, so that it is made once.

    A `notice` asks for no answer: it is sent whatever became of the incidents, and about none (`incident` 0) as well.
    `channel` counts from 0 through the person's channels, `attempts` on that one; `receipts` say what each gave.
    """

    incident: int
    incidents: tuple[int, ...] = ()
    notice: bool = False
    person: str
    title: str
    text: str
    state: DeliveryState = DeliveryState.PENDING
    channel: int = 0
    attempts: int = 0
    created_at: datetime
    next_at: datetime | None = None
    sent_at: datetime | None = None
    receipts: tuple[str, ...] = ()
