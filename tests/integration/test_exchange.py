"""Inventories in and out of a real hub, by the same identity rules as an agent's report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cmdb.hub.client import HubClient, HubRefusal
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Put
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.reconcile import child_id
from tests.support.hub import START
from tests.unit.discovery.recorded import recorded

UUID = "0055adc9-1d3a-e411-8043-b05d95113232"


def _inventory(*packages: tuple[str, str], memory: int = 8000, **more: Any) -> str:
    content = {
        "versionclient": "GLPI-Agent_v1.7",
        "hardware": {"name": "web1", "uuid": UUID.upper(), "memory": memory},
        "bios": {"ssn": "8C554721F", "smanufacturer": "TOSHIBA"},
        "softwares": [{"name": name, "version": version, "from": "deb", "arch": "amd64"} for name, version in packages],
        **more,
    }
    return json.dumps({"deviceid": "web1-1", "itemtype": "Computer", "content": content})


async def _import(client: HubClient, text: str, *, dry_run: bool = False) -> dict[str, Any]:
    answer = await client.call("exchange.import", format="glpi", text=text, dry_run=dry_run)
    (host,) = answer["hosts"]
    assert isinstance(host, dict)
    return host


def _rows(host: dict[str, Any]) -> dict[tuple[str, str], tuple[Any, Any]]:
    return {(row["name"], row["attribute"]): (row["before"], row["after"]) for row in host["changes"]}


async def test_a_dry_run_says_what_would_change_and_changes_nothing(hub: Hub, client: HubClient) -> None:
    seq = hub.store.seq
    told = await _import(client, _inventory(("nginx", "1.22")), dry_run=True)
    assert (told["outcome"], told["written"], told["created"] > 2) == ("new", False, True)
    assert hub.store.seq == seq
    assert await hub.store.find(Kind.CI) == []


async def test_the_same_inventory_again_changes_nothing(hub: Hub, client: HubClient) -> None:
    await _import(client, _inventory(("nginx", "1.22")))
    rows = len(await hub.store.history())
    again = await _import(client, _inventory(("nginx", "1.22")))
    assert (again["outcome"], again["changes"]) == ("same", [])
    assert len(await hub.store.history()) == rows


async def test_a_second_version_of_a_computer_gives_exactly_the_rows_that_differ(hub: Hub, client: HubClient) -> None:
    await _import(client, _inventory(("nginx", "1.22"), ("bash", "5.2"), monitors=[{"name": "A"}]))
    told = await _import(client, _inventory(("nginx", "1.24"), ("vim", "9"), memory=16000, monitors=[{"name": "B"}]))
    rows = _rows(told)
    assert rows.pop(("bash", "missing_since"))[0] is None
    assert rows == {
        ("nginx", "attributes.version"): ("1.22", "1.24"),
        ("vim", ""): (None, {"class": "package", "name": "vim", "status": "in_use"}),
        ("bash", "status"): ("in_use", "missing"),
        ("main memory", "attributes.size_bytes"): (8000 << 20, 16000 << 20),
        ("web1", "attributes.glpi_monitors"): ([{"name": "A"}], [{"name": "B"}]),
    }


async def _with_agent(hub: Hub) -> None:
    """web1 with an agent that reports it, and one package."""
    host = ConfigurationItem(
        id="host-1", class_="host", name="web1", key="host", host="host-1", keys={"dmi_uuid": UUID, "name": "web1"},
        attributes={"vendor": "from the agent"}, sources={"agent": START}, first_seen=START, last_seen=START,
    )  # fmt: skip
    package = ConfigurationItem(
        id=child_id("host-1", "package", "dpkg/nginx:amd64"), class_="package", name="nginx", key="dpkg/nginx:amd64",
        host="host-1", attributes={"version": "1.22"}, metrics={"x": 1}, sources={"agent": START}, first_seen=START,
        last_seen=START,
    )  # fmt: skip
    agent = AgentRecord(id="a1", name="web1", host="host-1")
    await hub.ledger.commit([Put(Kind.CI, host), Put(Kind.CI, package), Put(Kind.AGENT, agent)], actor="t", reason="t")


async def test_an_import_is_a_lesser_source_than_the_agent(hub: Hub, client: HubClient) -> None:
    await _with_agent(hub)
    await hub.recognition.load(hub.store)
    told = await _import(client, _inventory(("nginx", "1.99"), ("vim", "9")))
    assert (told["ci"], told["outcome"]) == ("host-1", "same")
    nginx = await hub.store.get(Kind.CI, child_id("host-1", "package", "dpkg/nginx:amd64"))
    host = await hub.store.get(Kind.CI, "host-1")
    assert nginx is not None
    assert host is not None
    assert (nginx["attributes"]["version"], nginx["metrics"]) == ("1.22", {"x": 1})
    assert (host["attributes"]["vendor"], host["keys"]["serial"]) == ("from the agent", "8C554721F")
    await _import(client, _inventory(("vim", "9")))
    still = await hub.store.get(Kind.CI, nginx["id"])
    assert still is not None
    assert still["status"] == "in_use"  # the agent sees it


async def test_a_question_of_identity_is_a_review_and_nothing_else(hub: Hub, client: HubClient) -> None:
    await _import(client, _inventory(("nginx", "1.22")))
    answer = await client.call("exchange.import", format="csv", text="class,host,key,name\nhost,,,web1\n")
    assert answer["hosts"][0]["outcome"] == "review"
    assert len(await hub.store.find(Kind.REVIEW)) == 1
    assert len(await hub.store.find(Kind.CI, {"class": "host"})) == 1


@pytest.mark.parametrize("format_", ["glpi", "cyclonedx", "otel", "ansible-inventory", "csv"])
async def test_what_came_in_goes_out_in_every_format(client: HubClient, format_: str) -> None:
    await client.call("exchange.import", format="ansible", text=recorded("exchange/ansible-core-2.19-setup.txt"))
    text = (await client.call("exchange.export", format=format_))["text"]
    assert "192.0.2.2" in text or format_ == "cyclonedx"
    assert "Debian" in text or format_ == "ansible-inventory"
    one = await client.call("exchange.export", format=format_, host="vm")
    assert len(one["text"]) > 100


@pytest.mark.parametrize(
    ("verb", "arguments", "code"),
    [
        ("exchange.import", {"format": "xls", "text": ""}, Code.USAGE),
        ("exchange.import", {"format": "glpi", "text": "{"}, Code.USAGE),
        ("exchange.export", {"format": "xls"}, Code.USAGE),
        ("exchange.export", {"format": "csv", "host": "nobody"}, Code.NOT_FOUND),
        ("exchange.export", {"format": "csv", "service": "nothing"}, Code.NOT_FOUND),
        ("exchange.export", {"format": "csv"}, Code.NOT_FOUND),
    ],
)
async def test_what_cannot_be_done_is_refused(
    client: HubClient, verb: str, arguments: dict[str, Any], code: Code
) -> None:
    with pytest.raises(HubRefusal) as refused:
        await client.call(verb, **arguments)
    assert refused.value.failure.code is code
