"""`check.ack`: somebody looks after a check that is not well. Where it is part of an incident, that is acknowledged."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from cmdb.hub.afresh import decided_afresh
from cmdb.hub.api import incident
from cmdb.hub.api.check import CheckArguments, show
from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.change import Put
from cmdb.model.check import CheckRecord
from cmdb.model.kind import Kind

TRIES = 5  # results come in meanwhile


class AckArguments(Arguments, frozen=True, kw_only=True):
    id: str
    text: incident.Text = ""


async def ack(hub: Hub, session: Session, args: AckArguments) -> Row:
    """It holds until the check is well again."""
    _refuse(await _read(hub, args.id), hub.book.number_of(args.id))
    number = hub.book.number_of(args.id)
    if number is not None:
        await incident.ack(hub, session, incident.ActArguments(number=number, text=args.text))

    async def taken() -> None:
        check = await _read(hub, args.id)
        after = msgspec.structs.replace(check, acknowledged_by=session.actor)
        await hub.ledger.commit(
            [Put(Kind.CHECK, after, check.version)], actor=session.actor, reason=args.text or "acknowledged"
        )

    await decided_afresh(taken, TRIES)
    return await show(hub, session, CheckArguments(id=args.id))


async def _read(hub: Hub, id_: str) -> CheckRecord:
    document = await hub.store.get(Kind.CHECK, id_)
    if document is None:
        raise not_found("check", id_)
    return msgspec.convert(document, CheckRecord)


def _refuse(check: CheckRecord, number: int | None) -> None:
    """Raises `Refused` where there is nothing to look after, or somebody does."""
    if check.state in {"ok", "pending"}:
        raise Refused(Code.WRONG, f"check {check.id}", f"is {check.state}: there is nothing to acknowledge")
    if number is None and check.acknowledged_by is not None:
        raise Refused(Code.CONFLICT, f"check {check.id}", f"was acknowledged by {check.acknowledged_by}")


VERBS: Mapping[str, Verb] = {
    "check.ack": Verb(AckArguments, ack, Role.OPERATOR),
}
