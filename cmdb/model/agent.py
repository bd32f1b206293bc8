"""An agent as the hub knows it: which host it reports, when it was last heard, how its last scan went."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cmdb.model.kind import Record


class AgentRecord(Record, frozen=True, kw_only=True):
    """`state` is connected | silent | revoked; `sections` maps one to {outcome, duration_s, detail, items, digest}.

    `keys` are the SSH public keys that may speak for it (none for the local one, which has the own socket).
    `look_again_at`: from then on a report without news counts too, for what is missing and may be retired.
    `rotating`: it is to make itself a new key; until that has been used there may be two, the new one last.
    `serial` is the last message of results that is in the record, written in the same batch as what they changed.
    """

    name: str
    host: str | None = None
    state: str = "connected"
    agent_version: str = ""
    platform: str = ""
    transport: str = "local"  # local | ssh
    privileged: bool = False
    connected_at: datetime | None = None
    last_heard: datetime | None = None
    last_report: datetime | None = None
    sections: dict[str, Any] = {}
    serial: int = 0
    look_again_at: datetime | None = None
    keys: tuple[str, ...] = ()
    rotating: bool = False
