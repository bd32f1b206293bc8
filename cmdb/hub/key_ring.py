"""Keys of enrolled agents, changed while they talk: the old one holds until the new one has been used.

Order: a person asks for it, the agent sends the key that it made, both are taken, the agent comes in by the new one,
the old one goes. The order is on record until then, so that a cut anywhere only delays it.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from cmdb.hub.afresh import decided_afresh
from cmdb.hub.identities import Identities
from cmdb.hub.ingest import TRIES, Refused
from cmdb.hub.ledger import Ledger
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.ssh_key import NoKey, public_key

Change = Callable[[AgentRecord], AgentRecord]


class KeyRing:
    """Writes agents' keys; who is in by them is `Identities`', which follows the record."""

    def __init__(self, ledger: Ledger, identities: Identities) -> None:
        self._ledger, self._identities = ledger, identities

    async def order(self, agent_id: str, actor: str) -> AgentRecord:
        """This agent is to make itself a new key. Raises `Refused` for one that has none of its own."""

        def ordered(known: AgentRecord) -> AgentRecord:
            if known.state == "revoked" or not known.keys:
                raise Refused("it has no key of its own here: it is local, revoked, or comes by certificate")
            return msgspec.structs.replace(known, rotating=True)

        return await self._change(agent_id, ordered, actor, "agent rotate")

    async def take(self, agent_id: str, text: str) -> str:
        """Take the key that an agent made when it was asked to, beside the one it has. Raises `Refused`."""
        try:
            key = public_key(text)
        except NoKey as error:
            raise Refused(str(error)) from None

        def taken(known: AgentRecord) -> AgentRecord:
            if not known.rotating or not known.keys:
                raise Refused("it was not asked for a new key")
            if key not in known.keys and self._identities.of_key(key) is not None:
                raise Refused("that key is somebody's already")
            return msgspec.structs.replace(known, keys=tuple(dict.fromkeys((known.keys[0], key))))

        await self._change(agent_id, taken, f"agent {agent_id}", "agent has a new key")
        return key

    async def used(self, agent_id: str, key: str) -> AgentRecord:
        """An agent came in by this key: if it is the new one, the old one goes. The agent as it is then."""

        def settled(known: AgentRecord) -> AgentRecord:
            if not known.rotating or key not in known.keys[1:]:
                return known
            return msgspec.structs.replace(known, keys=(key,), rotating=False)

        return await self._change(agent_id, settled, f"agent {agent_id}", "agent uses its new key")

    async def _change(self, agent_id: str, change: Change, actor: str, reason: str) -> AgentRecord:
        """Decide and write; decide anew when somebody else wrote in between."""

        async def changed() -> AgentRecord:
            known = await self._record(agent_id)
            after = change(known)
            await self._ledger.commit([Put(Kind.AGENT, after, known.version)], actor=actor, reason=reason)
            return after

        return await decided_afresh(changed, TRIES)

    async def _record(self, agent_id: str) -> AgentRecord:
        document = await self._ledger.get(Kind.AGENT, agent_id)
        if document is None:
            raise Refused("it is not known")
        return msgspec.convert(document, AgentRecord)
