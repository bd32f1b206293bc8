"""Finding, comparing and looking back at items, through a real hub on the embedded store."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.model.change import Put
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.protocol import Store
from tests.support.hub import HandClock, check, ci, put


@pytest.fixture
async def store(tmp_path: Path) -> Store:
    return await EmbeddedStore.open(tmp_path / "watchdeck.db")


def package(name: str, version: str, host: str = "host-1") -> ConfigurationItem:
    attributes = {"manager": "dpkg", "version": version}
    return ci(f"package-{name}-{host}", "package", host=host, name=name, key=f"dpkg/{name}", attributes=attributes)


async def found(client: HubClient, text: str) -> list[str]:
    return [row["name"] for row in await client.call("ci.find", text=text)]


async def test_words_and_fields_find_items(hub: Hub, client: HubClient) -> None:
    await put(hub, package("openssl", "3.0.11"), package("libssl3", "3.0.13"), package("bash", "5.2"))
    assert await found(client, "openss") == ["openssl"]
    assert set(await found(client, "ssl")) == {"openssl", "libssl3"}
    assert await found(client, "ssl version<3.0.13") == ["openssl"]
    assert await found(client, "class=package name=bash") == ["bash"]
    assert await found(client, "nowhere") == []


async def test_a_bad_expression_is_refused_with_its_place(client: HubClient) -> None:
    with pytest.raises(Exception, match="ci find"):
        await client.call("ci.find", text='name="open')


async def test_what_differs_between_two_items_is_named(hub: Hub, client: HubClient) -> None:
    await put(hub, package("openssl", "3.0.11", "host-1"), package("openssl", "3.0.13", "host-2"))
    await put(hub, *(ci(id_, "host", host=id_, name=f"web-{id_}") for id_ in ("host-1", "host-2")))
    answer = await client.call("ci.diff", a="package-openssl-host-1", b="package-openssl-host-2")
    rows = answer["rows"]
    assert (answer["a"]["name"], answer["a"]["host_name"]) == ("openssl", "web-host-1")
    assert answer["names"] == {"host-1": "web-host-1", "host-2": "web-host-2"}
    assert {"attribute": "attributes.version", "a": "3.0.11", "b": "3.0.13"} in rows
    assert {row["attribute"] for row in rows} == {"attributes.version", "host"}


async def test_what_changed_between_two_moments_is_named(hub: Hub, client: HubClient, clock: HandClock) -> None:
    before = package("openssl", "3.0.11")
    await put(hub, before)
    then = clock.turn(minutes=1)
    clock.turn(minutes=1)
    await put(hub, package("openssl", "3.0.13"))
    answer = await client.call("ci.diff", a=before.id, **{"from": then})
    assert answer["rows"] == [{"attribute": "attributes.version", "a": "3.0.11", "b": "3.0.13"}]
    assert (await client.call("ci.diff", a=before.id, **{"from": clock.now()}))["rows"] == []


async def test_the_list_as_of_twenty_moments_is_what_it_was_at_each(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    """Items come, change, go and come back, and so do their checks' states."""
    chance = random.Random(7)
    recorded: list[tuple[Any, Any]] = []
    for _ in range(20):
        names = chance.sample(["openssl", "bash", "curl", "nginx", "vim"], 3)
        await put(hub, *(package(name, str(chance.randint(1, 9))) for name in names))
        await put(hub, check(f"package-{names[0]}-host-1", state=chance.choice(["ok", "warning", "critical"])))
        gone = package(names[1], "0")
        retired = msgspec.structs.replace(gone, status=chance.choice(["in_use", "missing", "retired"]))
        await hub.ledger.commit([Put(Kind.CI, retired)], actor="test", reason="a scan")
        recorded.append((clock.turn(seconds=1), await client.call("ci.list", all=True)))
        clock.turn(seconds=59)
    for moment, rows in recorded:
        assert await client.call("ci.list", all=True, at=moment) == rows
