"""Users of a real hub: added, changed, removed, and known by their keys at once."""

from __future__ import annotations

import pytest

from cmdb.hub.client import HubClient, HubRefusal
from cmdb.hub.hub import Hub
from cmdb.hub.identities import EnrolledAgent, Person
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from tests.support.hub import until

MIA = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFwO9eFTsREBMxoIzbQyQG7oDcjFsxXS2HMcLZjF9M9h"
BOX = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


async def test_a_user_is_added_listed_and_removed(hub: Hub, client: HubClient) -> None:
    added = await client.call("user.add", name="mia", role="operator", key=f"{MIA} mia@laptop")
    assert (added["role"], len(added["keys"])) == ("operator", 1)
    assert [row["name"] for row in await client.call("user.list")] == ["mia"]
    await client.call("user.add", name="mia", role="viewer")
    (mia,) = await client.call("user.list")
    assert (mia["role"], len(mia["keys"])) == ("viewer", 1)
    await client.call("user.remove", name="mia")
    assert await client.call("user.list") == []
    assert [row.attribute for row in await hub.store.history(Kind.USER)] == ["", "role", ""]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"name": "Mia; rm", "role": "viewer"}, Code.USAGE),
        ({"name": "mia", "role": "emperor"}, Code.USAGE),
        ({"name": "mia", "role": "viewer", "key": "garbage"}, Code.USAGE),
        ({"name": "tom", "role": "viewer", "key": BOX}, Code.CONFLICT),
    ],
)
async def test_what_makes_no_user_is_refused(
    hub: Hub, client: HubClient, arguments: dict[str, str], code: Code
) -> None:
    agent = AgentRecord(id="a1", name="web1", keys=(BOX,))
    await hub.ledger.commit([Put(Kind.AGENT, agent)], actor="test", reason="test")
    with pytest.raises(HubRefusal) as refusal:
        await client.call("user.add", **arguments)
    assert refusal.value.failure.code is code


async def test_only_an_admin_may(client: HubClient) -> None:
    await client.call("hub.act_as", actor="tom", role="operator")
    with pytest.raises(HubRefusal) as refusal:
        await client.call("user.add", name="tom", role="admin")
    assert refusal.value.failure.code is Code.NOT_ALLOWED


async def test_keys_are_known_from_the_batch_that_writes_them(hub: Hub, client: HubClient) -> None:
    identities, changes = hub.identities, []
    identities.changed = lambda: changes.append(1)
    await client.call("user.add", name="mia", role="operator", key=MIA)
    await hub.ledger.commit([Put(Kind.AGENT, AgentRecord(id="a1", name="b", keys=(BOX,)))], actor="t", reason="t")
    await until(lambda: identities.of_key(BOX) == EnrolledAgent("a1"), "the agent's key")
    assert identities.of_key(MIA) == Person("mia", Role.OPERATOR) == identities.person("mia")
    assert len(changes) == 2
    await client.call("user.remove", name="mia")
    revoked = AgentRecord(id="a1", name="b", keys=(BOX,), state="revoked")
    await hub.ledger.commit([Put(Kind.AGENT, revoked)], actor="t", reason="t")
    await until(lambda: identities.of_key(BOX) is None, "the revocation")
    assert identities.of_key(MIA) is identities.person("mia") is None
