"""Inventories in and out of a real hub, by the same identity rules as an agent's report."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cmdb.exchange import glpi
from cmdb.hub.client import HubClient, HubRefusal
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Put
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.reconcile import child_id
from cmdb.store.memory import MemoryStore
from cmdb.store.protocol import Batch, Committed, Document, Write
from tests.support.hub import START, HandClock, client_of, hub_at
from tests.unit.discovery.recorded import recorded
from tests.unit.exchange.test_glpi_published import example

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


async def test_what_an_inventory_lists_no_more_is_retired_after_its_grace_with_its_relations(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    await _import(client, _inventory(("nginx", "1.22"), ("bash", "5.2")))
    statuses = []
    for _ in range(3):
        await _import(client, _inventory(("nginx", "1.22")))
        (bash,) = await hub.store.find(Kind.CI, {"name": "bash"})
        statuses.append(bash["status"])
        assert bool(await hub.store.find(Kind.RELATION, {"source": bash["id"]})) == (bash["status"] == "missing")
        clock.turn(hours=13)
    assert statuses == ["missing", "missing", "retired"]
    back = await _import(client, _inventory(("nginx", "1.22"), ("bash", "5.2")))
    assert _rows(back)["bash", "status"] == ("retired", "in_use")
    assert await hub.store.find(Kind.RELATION, {"source": bash["id"]})


class Racing(MemoryStore):
    """In which somebody else writes to a host just before its import is."""

    raced = False

    async def commit(self, batch: Batch) -> Committed:
        hosts = [one for one in await self.find(Kind.CI, {"class": "host"}) if batch.reason == "import glpi"]
        for host in hosts if not self.raced else ():
            self.raced = True
            told = Write(Kind.CI, host["id"], {**host, "metrics": {"load_1m": 1.0}})
            await super().commit(msgspec.structs.replace(batch, writes=(told,), differences=()))
        return await super().commit(batch)


async def test_an_import_that_an_agent_overtakes_is_decided_anew(tmp_path: Path) -> None:
    store = Racing()
    async with hub_at(tmp_path, store=store) as hub, await client_of(hub) as client:
        await _import(client, _inventory(("nginx", "1.22")))
        told = await _import(client, _inventory(("nginx", "1.24"), monitors=[{"name": "A"}]))
        assert (store.raced, told["written"]) == (True, True)
        (nginx,) = await store.find(Kind.CI, {"name": "nginx"})
        assert nginx["attributes"]["version"] == "1.24"


async def test_a_later_inventory_of_a_real_computer_gives_exactly_the_rows_that_differ(
    hub: Hub, client: HubClient
) -> None:
    earlier, later = example("computer_3.json.gz"), example("computer_3_updated.json.gz")
    first = await _import(client, earlier)
    (then,), (now,) = glpi.read(earlier), glpi.read(later)
    before, after = ({(one.class_, one.key): one for one in (host.host, *host.items)} for host in (then, now))
    since = hub.store.seq
    told = await _import(client, later)
    rows = [row for row in await hub.store.history(Kind.CI) if row.seq > since]
    names = {item["id"]: (item["class"], item["key"]) for item in await hub.store.find(Kind.CI)}
    changed = {(*names[row.id], row.attribute) for row in rows if "." in row.attribute}
    assert changed == {
        (*name, f"{what}.{inner}")
        for name in before.keys() & after.keys()
        for what, then_, now_ in (
            ("attributes", before[name].attributes, after[name].attributes),
            ("keys", before[name].keys, after[name].keys),
        )
        for inner in then_.keys() | now_.keys()
        if then_.get(inner) != now_.get(inner)
    }
    assert {names[row.id] for row in rows if row.attribute == ""} == after.keys() - before.keys()
    assert {names[row.id] for row in rows if row.attribute == "status"} == before.keys() - after.keys()
    assert {row.attribute for row in rows if "." not in row.attribute} == {"", "status", "missing_since"}
    assert (told["outcome"], len(changed) > 5, first["created"] > 3000) == ("same", True, True)
    assert (await _import(client, later))["changes"] == []


async def test_what_a_person_set_stays_and_is_told_as_drift(hub: Hub, client: HubClient) -> None:
    await _import(client, _inventory(("nginx", "1.22")))
    await client.call("ci.set", id=(await _host(hub))["id"], values={"vendor": "Dell"})
    for dry_run in (True, False):
        told = await _import(client, _inventory(("nginx", "1.22")), dry_run=dry_run)
        assert told["drift"] == [
            {"class": "host", "name": "web1", "attribute": "vendor", "set": "Dell", "observed": "TOSHIBA"}
        ]
    assert (await _host(hub))["overrides"] == {"vendor": "Dell"}


async def test_a_partial_inventory_takes_nothing_of_the_rest_away(hub: Hub, client: HubClient) -> None:
    await _import(client, _inventory(("nginx", "1.22")))
    content = {"hardware": {"name": "web1", "uuid": UUID.upper()}, "versionclient": "x"}
    text = json.dumps({"deviceid": "web1-1", "itemtype": "Computer", "partial": True, "content": content})
    assert (await _import(client, text))["changes"] == []
    assert (await _host(hub))["attributes"]["vendor"] == "TOSHIBA"


@pytest.mark.parametrize(("silent", "vendor"), [(timedelta(hours=1), "from the agent"), (timedelta(days=3), "TOSHIBA")])
async def test_an_import_writes_over_an_agent_only_when_that_was_silent_for_long(
    hub: Hub, client: HubClient, silent: timedelta, vendor: str
) -> None:
    """An item that did not change is not written: that its agent spoke since is said by the agent's own record."""
    await _with_agent(hub, START - timedelta(days=10))
    agent = AgentRecord(id="a1", name="web1", host="host-1", state="silent", last_report=START - silent)
    await hub.ledger.commit([Put(Kind.AGENT, agent)], actor="t", reason="t")
    await hub.recognition.load(hub.store)
    await _import(client, _inventory(("nginx", "1.22")))
    assert (await _host(hub))["attributes"]["vendor"] == vendor


async def _host(hub: Hub) -> Document:
    (host,) = await hub.store.find(Kind.CI, {"class": "host"})
    return host


async def _with_agent(hub: Hub, seen: datetime = START) -> None:
    """web1 with an agent that reports it, and one package."""
    host = ConfigurationItem(
        id="host-1", class_="host", name="web1", key="host", host="host-1", keys={"dmi_uuid": UUID, "name": "web1"},
        attributes={"vendor": "from the agent"}, sources={"agent": seen}, first_seen=START, last_seen=START,
    )  # fmt: skip
    package = ConfigurationItem(
        id=child_id("host-1", "package", "dpkg/nginx:amd64"), class_="package", name="nginx", key="dpkg/nginx:amd64",
        host="host-1", attributes={"version": "1.22"}, metrics={"x": 1}, sources={"agent": seen}, first_seen=START,
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
