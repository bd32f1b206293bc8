"""`hub.*`: the state of the hub itself."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from checks import __version__
from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.session import Session


class Nothing(Arguments, frozen=True, kw_only=True):
    pass


class ReadyArguments(Arguments, frozen=True, kw_only=True):
    timeout_s: float = 60.0


class ActAsArguments(Arguments, frozen=True, kw_only=True):
    actor: str = ""
    role: str = ""


async def status(hub: Hub, session: Session, _args: Nothing) -> dict[str, Any]:
    census = hub.census
    return {
        "name": hub.config.hub.name or os.uname().nodename,
        "version": __version__,
        "pid": os.getpid(),
        "started_at": hub.started_at,
        "now": hub.clock.now(),
        "started": hub.complete.is_set(),
        "ready": hub.ready.is_set(),
        "state_dir": str(hub.locations.state),
        "ssh": None if hub.ssh is None else {"host": hub.ssh[0], "port": hub.ssh[1], "key": hub.host_key},
        "counts": {
            "ci": census.cis,
            "relations": census.relations,
            "checks": census.checks,
            "incidents": census.open_incidents,
            "agents": census.agents,
        },
        "lag_s": hub.lag_s,
        "overdue": hub.overdue,
        "readonly": hub.store.trouble or "",
        "people": hub.presence.beside(session),
        "unstaffed": hub.roster.unstaffed(hub.clock.now()),
        "problems": [str(one) for one in (hub.roster.problem, hub.service_watch.problem) if one is not None],
    }


async def ready(hub: Hub, session: Session, args: ReadyArguments) -> dict[str, Any]:
    try:
        await asyncio.wait_for(hub.ready.wait(), args.timeout_s)
    except TimeoutError:
        why = f"the local agent has not reported within {args.timeout_s:g} s"
        raise Refused(Code.WRONG, "hub", why, "see `watchdeck agent list` and the agent's log") from None
    return await status(hub, session, Nothing())


async def stop(hub: Hub, _session: Session, _args: Nothing) -> dict[str, Any]:
    # The reply goes out before the hub looks at it.
    asyncio.get_running_loop().call_soon(hub.stopping.set)
    return {}


async def act_as(_hub: Hub, session: Session, args: ActAsArguments) -> dict[str, Any]:
    """From here on this connection is that person's; a role can only be lowered."""
    try:
        role = Role.named(args.role) if args.role else session.role
    except ValueError as error:
        raise Refused(Code.USAGE, "hub act_as", str(error)) from error
    session.actor = args.actor or session.actor
    session.role = min(session.role, role)
    return {"actor": session.actor, "role": session.role.word}


VERBS: Mapping[str, Verb] = {
    "hub.status": Verb(Nothing, status),
    "hub.ready": Verb(ReadyArguments, ready),
    "hub.stop": Verb(Nothing, stop, Role.ADMIN),
    "hub.act_as": Verb(ActAsArguments, act_as, Role.ADMIN),
}
