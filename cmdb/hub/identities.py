"""Whose key is whose: people and agents by SSH public key, kept from deltas. Not what they may do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cmdb.hub.role import Role
from cmdb.model.change import Delta
from cmdb.model.kind import Kind
from cmdb.store.protocol import Document, Store


@dataclass(frozen=True)
class Person:
    name: str
    role: Role


@dataclass(frozen=True)
class EnrolledAgent:
    agent_id: str


Identity = Person | EnrolledAgent


class Identities:
    """`changed` is called after every batch that touched a key or a role: who is in may have to go."""

    def __init__(self) -> None:
        self._records: dict[tuple[Kind, str], tuple[Identity, tuple[str, ...]]] = {}
        self._by_key: dict[str, Identity] = {}
        self._tokens: dict[str, datetime] = {}
        self.changed: Callable[[], None] = lambda: None

    async def load(self, store: Store) -> None:
        """Take the store as it is now."""
        self._records, self._by_key, self._tokens = {}, {}, {}
        for kind in (Kind.USER, Kind.AGENT, Kind.ENROLMENT):
            for document in await store.find(kind):
                self._take(kind, document["id"], document)
        self.changed()

    async def apply(self, deltas: Sequence[Delta]) -> None:
        taken = [self._take(delta.kind, delta.id, delta.body) for delta in deltas]
        if any(taken):
            self.changed()

    def of_key(self, key: str) -> Identity | None:
        """Who comes with this key, written `TYPE BASE64`."""
        return self._by_key.get(key)

    def person(self, name: str) -> Person | None:
        """The user of this name."""
        known = self._records.get((Kind.USER, name))
        return known[0] if known and isinstance(known[0], Person) else None

    def expects_newcomers(self, now: datetime) -> bool:
        """Whether a token is outstanding by which an unknown agent may come in."""
        return any(expires_at > now for expires_at in self._tokens.values())

    def _take(self, kind: Kind, id_: str, body: Document | None) -> bool:
        """Whether this made a difference to who may be in."""
        if kind is Kind.ENROLMENT:
            self._tokens.pop(id_, None)
            if body is not None:
                self._tokens[id_] = body["expires_at"]
            return False
        before = self._records.get((kind, id_))
        after = None if body is None else _read(kind, body)
        if before == after:
            return False
        for key in before[1] if before else ():
            self._by_key.pop(key, None)
        self._records.pop((kind, id_), None)
        if after is not None:
            self._records[kind, id_] = after
            self._by_key.update(dict.fromkeys(after[1], after[0]))
        return True


def _read(kind: Kind, body: Document) -> tuple[Identity, tuple[str, ...]] | None:
    if kind is Kind.USER:
        return Person(body["id"], Role.named(body["role"])), tuple(body["keys"])
    if kind is Kind.AGENT and body["state"] != "revoked" and body["keys"]:
        return EnrolledAgent(body["id"]), tuple(body["keys"])
    return None
