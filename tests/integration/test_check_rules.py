"""Check rules in a real hub: written into services.d, in force at once, explained, and refused where they are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cmdb.hub.hub import Hub
from cmdb.hub.main import opened
from cmdb.locations import Locations
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.toml_file import TomlError
from tests.support.hub import START, ci, client_of, hub_at

TIGHTER = '[[check]]\nname = "usage"\napply = "mount=/var host.site=ber"\nthresholds.used_percent = { crit = 50 }\n'
REFUSED = '[[check]]\nname = "swap"\napply = "class=host"\nrefuse = true\n'


async def a_host(hub: Hub) -> None:
    """A host with a filesystem and an agent on it, as a report leaves them."""
    agent = AgentRecord(id="a1", name="web-1", host="h1", state="connected", last_heard=START)
    host = ci("h1", "host", key="host", host="h1", attributes={"site": "ber"})
    var = ci("v1", "filesystem", key="/var", host="h1", attributes={"type": "ext4", "size_bytes": 10**11})
    changes = [Put(Kind.CI, host), Put(Kind.CI, var), Put(Kind.AGENT, agent)]
    await hub.ledger.commit(changes, actor="test", reason="a report")


async def ruled(hub: Hub, folder: Path, text: str) -> dict[str, dict[str, Any]]:
    """The checks on record once these are the rules."""
    (folder / "services.d").mkdir(exist_ok=True)
    (folder / "services.d" / "rules.toml").write_text(text)
    await hub.service_watch.reload("test")
    return {check["id"]: dict(check["definition"]) for check in await hub.store.find(Kind.CHECK)}


async def test_a_rule_is_in_force_at_once_and_its_end_too(tmp_path: Path) -> None:
    async with hub_at(tmp_path) as hub:
        await a_host(hub)
        checks = await ruled(hub, tmp_path, TIGHTER + REFUSED)
        assert checks["v1/usage"]["thresholds"]["used_percent"] == {"crit": "50"}
        assert checks["v1/usage"]["rule"] == "rules.toml: usage"
        assert "h1/swap" not in checks
        assert "h1/load" in checks
        checks = await ruled(hub, tmp_path, "")
        assert "rule" not in checks["v1/usage"], "a default is left out"
        assert "h1/swap" in checks


async def test_explain_says_which_rule_gave_what_and_who_refused(tmp_path: Path) -> None:
    async with hub_at(tmp_path) as hub:
        await a_host(hub)
        await ruled(hub, tmp_path, TIGHTER + REFUSED)
        client = await client_of(hub)
        try:
            usage = await client.call("check.explain", id="v1/usage")
            swap = await client.call("check.explain", id="h1/swap")
        finally:
            await client.close()
    assert usage["rule"] == "rules.toml: usage"
    assert usage["steps"][:2] == [
        "proposed for filesystem /var",
        "tuned by rules.toml: usage: thresholds used_percent",
    ]
    assert swap["steps"] == ["proposed for host host", "refused by rules.toml: swap"]


async def test_wrong_rules_leave_the_ones_before_in_force(tmp_path: Path) -> None:
    async with hub_at(tmp_path) as hub:
        await a_host(hub)
        before = await ruled(hub, tmp_path, REFUSED)
        with pytest.raises(TomlError, match="selects everything"):
            await ruled(hub, tmp_path, REFUSED.replace("class=host", ""))
        assert {check["id"] for check in await hub.store.find(Kind.CHECK)} == set(before)


async def test_rules_that_changed_while_no_hub_was_there_are_in_force_after_its_start(tmp_path: Path) -> None:
    locations = Locations(tmp_path)
    async with hub_at(tmp_path, store=await opened(locations)) as hub:
        await a_host(hub)
        assert "h1/swap" in await ruled(hub, tmp_path, TIGHTER)
    (tmp_path / "services.d" / "rules.toml").write_text(REFUSED)
    async with hub_at(tmp_path, store=await opened(locations)) as hub:
        assert await hub.store.get(Kind.CHECK, "h1/swap") is None
        assert await hub.store.get(Kind.CHECK, "h1/load") is not None
