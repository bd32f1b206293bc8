"""What no agent lives on is probed by the hub's own agent, as rules say."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from cmdb.hub.hub import Hub
from cmdb.hub.work import work_for
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Put
from cmdb.model.check import CheckRecord
from cmdb.model.kind import Kind
from cmdb.toml_file import TomlError
from tests.support.hub import START, check, ci, put, until

PORTAL = """
[[check]]
name = "portal"
target = "www.example.org"
type = "http"
params = { url = "https://{address}/" }
"""
SWITCHES = """
[[check]]
name = "alive"
apply = "class=host name~switch"
type = "icmp"
params = { host = "{address}" }
"""
OUTSIDE = """
[[check]]
name = "outside"
apply = "class=host"
at = "hub"
type = "tcp"
params = { host = "{name}", port = 22 }
"""


async def an_agent(hub: Hub, id_: str, host: str, transport: str) -> None:
    agent = AgentRecord(id=id_, name=host, host=host, state="connected", transport=transport, last_heard=START)
    await hub.ledger.commit([Put(Kind.AGENT, agent)], actor="test", reason="an agent")


async def ruled(hub: Hub, text: str) -> None:
    hub.locations.services_dir.mkdir(exist_ok=True)
    (hub.locations.services_dir / "rules.toml").write_text(text)
    await hub.service_watch.reload("test")


async def checks(hub: Hub) -> dict[str, CheckRecord]:
    """By the names of item and check."""
    found = {}
    for document in await hub.store.find(Kind.CHECK):
        record = msgspec.convert(document, CheckRecord)
        item = await hub.store.get(Kind.CI, record.ci)
        assert item is not None
        found[f"{item['name']}/{record.id.rpartition('/')[2]}"] = record
    return found


async def comes_to_have(hub: Hub, names: Sequence[str]) -> dict[str, CheckRecord]:
    async def look() -> bool:
        return sorted(await checks(hub)) == sorted(names)

    await until(look, f"the checks are {names}")
    return await checks(hub)


async def test_a_target_is_an_item_with_a_check_as_long_as_a_rule_names_it(hub: Hub) -> None:
    await an_agent(hub, "mine", "here", "local")
    await ruled(hub, PORTAL)
    found = (await comes_to_have(hub, ["www.example.org/portal"]))["www.example.org/portal"]
    assert (found.agent, found.definition.params) == ("mine", {"url": "https://www.example.org/"})
    (item,) = await hub.store.find(Kind.CI, {"class": "external"})
    assert (item["name"], item["status"]) == ("www.example.org", "in_use")
    assert [one.id for one in (await work_for(hub.store, "mine")).checks] == [found.id]
    await ruled(hub, "")
    await comes_to_have(hub, [])
    (item,) = await hub.store.find(Kind.CI, {"class": "external"})
    assert item["status"] == "retired"
    await ruled(hub, PORTAL)
    await comes_to_have(hub, ["www.example.org/portal"])


async def test_a_host_that_was_imported_is_looked_at_by_rules_only(hub: Hub) -> None:
    await an_agent(hub, "mine", "here", "local")
    await put(hub, ci("switch-1", "host", host="switch-1", attributes={"address": "192.0.2.7"}))
    await ruled(hub, SWITCHES)
    found = await comes_to_have(hub, ["switch-1/alive"])
    assert found["switch-1/alive"].definition.params == {"host": "192.0.2.7"}
    await put(hub, ci("switch-2", "host", host="switch-2", attributes={"address": "192.0.2.8"}))
    found = await comes_to_have(hub, ["switch-1/alive", "switch-2/alive"])
    assert {one.agent for one in found.values()} == {"mine"}


async def test_the_hubs_agent_looks_from_outside_at_a_host_that_has_its_own(hub: Hub) -> None:
    await an_agent(hub, "mine", "here", "local")
    await an_agent(hub, "its", "web", "ssh")
    await put(hub, ci("web", "host", host="web", key="host"))
    await ruled(hub, OUTSIDE)

    async def planned() -> bool:
        found = await checks(hub)
        return "web/outside" in found and (found["web/outside"].agent, found["web/load"].agent) == ("mine", "its")

    await until(planned, "the check from outside")


async def test_what_the_hubs_agent_is_to_run_waits_for_it(hub: Hub) -> None:
    await ruled(hub, PORTAL)
    assert (await comes_to_have(hub, ["www.example.org/portal"]))["www.example.org/portal"].agent is None
    await an_agent(hub, "mine", "here", "local")

    async def taken_up() -> bool:
        return (await checks(hub))["www.example.org/portal"].agent == "mine"

    await until(taken_up, "the hub's agent has it")


async def test_what_an_agent_that_is_gone_left_behind_stays(hub: Hub) -> None:
    await put(hub, ci("old", "host", host="old"), check("old", "load"), check("old", "disk", agent="gone"))
    await an_agent(hub, "mine", "here", "local")
    await ruled(hub, PORTAL)
    await comes_to_have(hub, ["old/disk", "old/load", "www.example.org/portal"])
    await ruled(hub, "")
    await comes_to_have(hub, ["old/disk", "old/load"])


async def test_a_rule_names_one_thing_or_selects_others(hub: Hub) -> None:
    with pytest.raises(TomlError, match="names one thing and selects others"):
        await ruled(hub, PORTAL + 'apply = "class=host"\n')
