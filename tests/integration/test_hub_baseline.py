"""Approved states at a real hub's socket."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from cmdb.hub.client import HubClient, HubRefusal
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from tests.support.hub import START, HandClock, ci, put


@pytest.fixture
async def hub(hub: Hub) -> Hub:
    for number in (1, 2, 3):
        host = f"web-{number}"
        await put(
            hub,
            ci(host, "host", host=host, key="host", attributes={"role": "web", "product": "R640"}),
            ci(f"openssl-{number}", "package", host=host, key="openssl", attributes={"version": "3.0"}),
        )
    return hub


async def _upgrade(hub: Hub, id_: str) -> None:
    known = msgspec.convert(await hub.store.get(Kind.CI, id_), ConfigurationItem)
    await put(hub, msgspec.structs.replace(known, attributes={"version": "3.1"}))


async def test_a_host_drifts_until_it_is_accepted(hub: Hub, client: HubClient) -> None:
    (row,) = await client.call("baseline.set", id="web-1", text="as delivered")
    assert (row["items"], row["drift"]) == (2, 0)
    assert await client.call("baseline.drift") == []
    await _upgrade(hub, "openssl-1")
    (drift,) = await client.call("baseline.drift", id="web-1")
    assert (drift["item"], drift["attribute"], drift["approved"], drift["actual"]) == (
        "package/openssl",
        "version",
        "3.0",
        "3.1",
    )
    await client.call("baseline.accept", id="web-1", item="package/openssl", attribute="version")
    assert await client.call("baseline.drift") == []


async def test_drift_is_let_be_with_a_reason_until_a_moment(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await client.call("baseline.set", id="web-1")
    await _upgrade(hub, "openssl-1")
    until = START + timedelta(days=7)
    await client.call("baseline.ignore", id="web-1", item="package/openssl", text="CHG-7", until=until)
    assert await client.call("baseline.drift") == []
    (waived,) = await client.call("baseline.drift", all=True)
    assert waived["waived"] == "CHG-7"
    clock.turn(days=8)
    assert len(await client.call("baseline.drift")) == 1


async def test_a_group_is_approved_by_a_filter_and_asked_by_its_name(hub: Hub, client: HubClient) -> None:
    rows = await client.call("baseline.set", filter="role=web name!=web-3", name="web servers")
    assert [row["ci_name"] for row in rows] == ["web-1", "web-2"]
    await _upgrade(hub, "openssl-2")
    await _upgrade(hub, "openssl-3")
    assert [row["ci_name"] for row in await client.call("baseline.drift", id="web servers")] == ["web-2"]
    assert [row["drift"] for row in await client.call("baseline.list")] == [0, 1]


async def test_the_odd_one_out_of_a_group_is_named(hub: Hub, client: HubClient) -> None:
    await _upgrade(hub, "openssl-2")
    (odd,) = await client.call("baseline.odd", filter="role=web")
    assert (odd["name"], odd["item"], odd["value"], odd["usual"]) == ("web-2", "package/openssl", "3.1", "3.0")


@pytest.mark.parametrize(
    ("verb", "args", "code"),
    [
        ("set", {}, Code.USAGE),
        ("set", {"filter": "role=web"}, Code.USAGE),
        ("set", {"filter": "role=none", "name": "x"}, Code.NOT_FOUND),
        ("drift", {"id": "web-1"}, Code.NOT_FOUND),
        ("ignore", {"id": "web-1", "item": "x", "text": ""}, Code.NOT_FOUND),
    ],
)
async def test_what_cannot_be_approved_is_refused(
    client: HubClient, verb: str, args: dict[str, str], code: Code
) -> None:
    with pytest.raises(HubRefusal) as refused:
        await client.call(f"baseline.{verb}", **args)
    assert refused.value.failure.code is code


async def test_a_baseline_can_be_removed(client: HubClient) -> None:
    await client.call("baseline.set", id="web-1")
    await client.call("baseline.remove", id="web-1")
    assert await client.call("baseline.list") == []
