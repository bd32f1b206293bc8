"""`agent.enrol`, `agent.place`, `agent.rotate`, `agent.revoke`: which agents may come in, and by what key."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

import msgspec

from agent.discovery.clean import clean_text
from agent.token import Token
from cmdb.hub.agents import NotConnected
from cmdb.hub.api.find import by_id_or_name
from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.ingest import Refused as NotTaken
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.session import Session
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Change, Put, Remove
from cmdb.model.kind import Kind
from cmdb.model.user import Enrolment
from cmdb.ssh_key import NoKey, fingerprint, public_key

LOOK_AGAIN_S = 0.05
_ID_LENGTH = 32


class EnrolArguments(Arguments, frozen=True, kw_only=True):
    """`host` is the name that the agent is to have until its report is in."""

    host: str = ""
    lifetime_s: Annotated[float, msgspec.Meta(gt=0, le=30 * 86400)] = 3600.0


class PlaceArguments(Arguments, frozen=True, kw_only=True):
    """An agent whose key the admin knows already: from a deployment, or placed by hand."""

    agent_id: str
    name: str
    key: str


class RotateArguments(Arguments, frozen=True, kw_only=True):
    id: str
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=300)] = 60.0


class AgentArguments(Arguments, frozen=True, kw_only=True):
    id: str


async def enrol(hub: Hub, session: Session, args: EnrolArguments) -> dict[str, Any]:
    """A one-time token; only its digest is kept."""
    if not hub.host_key:
        raise Refused(Code.WRONG, "enrolment", "this hub has no SSH port open", "see `watchdeck hub --port`")
    token, now = Token(secrets.token_hex(16), hub.host_key), hub.clock.now()
    enrolment = Enrolment(
        id=digest_of(token.secret),
        created_at=now,
        created_by=session.actor,
        expires_at=now + timedelta(seconds=args.lifetime_s),
        host=clean_text(args.host, 255),
    )
    await hub.ledger.commit(
        [*await _expired(hub), Put(Kind.ENROLMENT, enrolment, 0)], actor=session.actor, reason="agent enrol"
    )
    return {"token": token.text(), "expires_at": enrolment.expires_at, "host_key": hub.host_key}


async def place(hub: Hub, session: Session, args: PlaceArguments) -> dict[str, Any]:
    """Let in the agent that has this id by this key."""
    try:
        key = public_key(args.key)
    except NoKey as error:
        raise Refused(Code.USAGE, f"key of agent {args.name}", str(error)) from error
    record = await taken_in(hub, args.agent_id, args.name, key)
    await hub.ledger.commit([record], actor=session.actor, reason="agent placed")
    return {"id": args.agent_id, "name": args.name}


async def rotate(hub: Hub, session: Session, args: RotateArguments) -> dict[str, Any]:
    """Have it make itself a new key: now if it is there, else when it is back. `key` is the fingerprint in use."""
    document = await by_id_or_name(hub.store, Kind.AGENT, args.id)
    what = f"agent {document['name']}"
    try:
        before = await hub.keys.order(document["id"], session.actor)
        await hub.agents.rotate_key(document["id"])
        record = await _rotated(hub, document["id"], args.timeout_s)
    except NotConnected:
        return {"id": before.id, "name": before.name, "rotated": False, "key": fingerprint(before.keys[0])}
    except NotTaken as reason:
        raise Refused(Code.WRONG, what, str(reason)) from None
    except TimeoutError:
        why = f"it has not come in by a new key within {args.timeout_s:g} s"
        raise Refused(Code.WRONG, what, why, "its old key holds until then; its log says what is in the way") from None
    return {"id": record.id, "name": record.name, "rotated": True, "key": fingerprint(record.keys[0])}


async def _rotated(hub: Hub, agent_id: str, limit_s: float) -> AgentRecord:
    """The agent once it has come in by its new key. Raises `TimeoutError`."""
    async with asyncio.timeout(limit_s):
        while (document := await hub.ledger.get(Kind.AGENT, agent_id)) is None or document["rotating"]:  # noqa: ASYNC110
            # Not an event: it may come in at another hub of the same store.
            await asyncio.sleep(LOOK_AGAIN_S)
    return msgspec.convert(document, AgentRecord)


async def revoke(hub: Hub, session: Session, args: AgentArguments) -> dict[str, Any]:
    """It is out at once, and stays out until it is enrolled anew."""
    document = await by_id_or_name(hub.store, Kind.AGENT, args.id)
    record = msgspec.convert(document, AgentRecord)
    revoked = msgspec.structs.replace(record, state="revoked", keys=(), rotating=False)
    await hub.ledger.commit([Put(Kind.AGENT, revoked, record.version)], actor=session.actor, reason="agent revoke")
    await hub.agents.end(record.id, "this agent was revoked")
    return {"id": record.id, "name": record.name}


async def redeem(hub: Hub, secret: str, agent_id: str, name: str, key: str) -> None:
    """Take in an agent that brings a token's secret. Raises `Refused`; a token is good once."""
    document = await hub.ledger.get(Kind.ENROLMENT, digest_of(secret))
    if document is None or msgspec.convert(document, Enrolment).expires_at < hub.clock.now():
        raise Refused(Code.NOT_ALLOWED, "token", "it is unknown, used or expired", "ask for a new one")
    enrolment = msgspec.convert(document, Enrolment)
    record = await taken_in(hub, agent_id, enrolment.host or name, key)
    used = Remove(Kind.ENROLMENT, enrolment.id, enrolment.version)
    await hub.ledger.commit([record, used], actor=enrolment.created_by, reason="agent enrolled by token")


async def taken_in(hub: Hub, agent_id: str, name: str, key: str) -> Put:
    """The agent with this key. Raises `Refused` for an id or a key that is somebody's."""
    if len(agent_id) != _ID_LENGTH or set(agent_id) - set("0123456789abcdef"):
        raise Refused(Code.USAGE, "agent id", "is not one that an agent makes")
    if hub.identities.of_key(key) is not None:
        raise Refused(Code.CONFLICT, f"key of agent {clean_text(name, 255)}", "it is somebody's already")
    document = await hub.ledger.get(Kind.AGENT, agent_id)
    if document is None:
        return Put(Kind.AGENT, AgentRecord(id=agent_id, name=clean_text(name, 255), state="silent", keys=(key,)), 0)
    known = msgspec.convert(document, AgentRecord)
    if known.state != "revoked":
        raise Refused(Code.CONFLICT, f"agent {known.name}", "is known already", "revoke it first")
    back = msgspec.structs.replace(known, name=clean_text(name, 255), state="silent", keys=(key,))
    return Put(Kind.AGENT, back, known.version)


def digest_of(secret: str) -> str:
    """By what a token is known here."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def _expired(hub: Hub) -> list[Change]:
    now = hub.clock.now()
    found = await hub.store.find(Kind.ENROLMENT, matching=lambda one: one["expires_at"] < now)
    return [Remove(Kind.ENROLMENT, one["id"]) for one in found]


VERBS: Mapping[str, Verb] = {
    "agent.enrol": Verb(EnrolArguments, enrol, Role.ADMIN),
    "agent.place": Verb(PlaceArguments, place, Role.ADMIN),
    "agent.rotate": Verb(RotateArguments, rotate, Role.ADMIN),
    "agent.revoke": Verb(AgentArguments, revoke, Role.ADMIN),
}
