"""`agent.*`: who reports, how its discovery went, and a scan now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmdb.hub.agents import NotConnected
from cmdb.hub.api.find import by_id_or_name
from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row, agent_row
from cmdb.hub.session import Session
from cmdb.model.kind import Kind


class AgentArguments(Arguments, frozen=True, kw_only=True):
    id: str


async def list_(hub: Hub, _session: Session, args: ListArguments) -> list[Row]:
    found = await hub.store.find(Kind.AGENT, at=args.at)
    return listed([await _row(hub, one) for one in found], args, "name,id")


async def show(hub: Hub, _session: Session, args: AgentArguments) -> Row:
    return await _row(hub, await by_id_or_name(hub.store, Kind.AGENT, args.id))


async def scan(hub: Hub, _session: Session, args: AgentArguments) -> dict[str, Any]:
    agent = await by_id_or_name(hub.store, Kind.AGENT, args.id)
    try:
        await hub.agents.scan_now(agent["id"])
    except NotConnected:
        why = f"it is {agent['state']}, and not connected"
        raise Refused(Code.WRONG, f"agent {agent['name']}", why, "see that it runs on its host") from None
    return {}


async def _row(hub: Hub, document: Mapping[str, Any]) -> Row:
    """As on record, with what is only known of a connected one."""
    row = await agent_row(hub.store, document)
    live = hub.agents.live.get(document["id"])
    if live is not None:
        row |= {"last_heard": live.last_heard, "last_report": live.last_report or row["last_report"]}
    return row


VERBS: Mapping[str, Verb] = {
    "agent.list": Verb(ListArguments, list_),
    "agent.show": Verb(AgentArguments, show),
    "agent.scan": Verb(AgentArguments, scan, Role.OPERATOR),
}
