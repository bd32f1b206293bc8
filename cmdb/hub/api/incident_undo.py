"""`incident.undo`: the last step that somebody took is taken back by the same person."""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.hub.api.incident import ActArguments, acted
from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.verb import Verb
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.kind import Kind
from cmdb.practices.undo import NothingToUndo, before_last, undone

RECENT_ROWS = 200


async def undo(hub: Hub, session: Session, args: ActArguments) -> Row:
    """The incident as it is then; its timeline names what was undone."""
    now = hub.clock.now()
    history = await hub.store.history(Kind.INCIDENT, str(args.number), limit=RECENT_ROWS)
    before = before_last(history, session.actor)
    try:
        return await acted(hub, session, args, lambda one: undone(one, session.actor, now, before))
    except NothingToUndo as why:
        raise Refused(Code.CONFLICT, f"INC-{args.number}", str(why), "nothing was undone") from why


VERBS: Mapping[str, Verb] = {"incident.undo": Verb(ActArguments, undo, Role.OPERATOR)}
