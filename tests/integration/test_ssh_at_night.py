"""A night on a phone: everything that a person does to an incident is one line over SSH, without quotes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.programs import needs
from tests.support.hub import ci, put, until
from tests.support.ssh import Client, Site, site_at

pytestmark = pytest.mark.slow
FILE = """
[[person]]
name = "olga"
[[person.channel]]
name = "chat"
url = "webhook+http://127.0.0.1:9/"
[[person]]
name = "rab"
[[schedule]]
name = "ops"
[[schedule.rotation]]
turns = [["olga"]]
start = 2026-01-01T00:00:00
[[policy]]
name = "default"
[[policy.step]]
targets = ["schedule:ops"]
"""


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    needs("ssh", "ssh-keygen")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "oncall.toml").write_text(FILE)
    async with site_at(tmp_path) as site:
        await put(site.hub, ci("web1", "host", host="web1"))
        yield site


@pytest.fixture
async def olga(site: Site) -> Client:
    return await site.user("olga", "on-call")


async def typed(person: Client, line: str, status: int = 0) -> str:
    """What one line, as it is typed after `ssh hub`, prints."""
    done = await person.run(line)
    assert done.status == status, (line, done)
    return done.out if status == 0 else done.err


async def shown(person: Client, number: int) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(await typed(person, f"incident show {number} --json"))
    return document


async def test_an_incident_from_its_opening_to_its_end(site: Site, olga: Client) -> None:
    assert "olga" in await typed(olga, "oncall who")
    assert "ops" in await typed(olga, "oncall mine")
    opened = await typed(olga, "incident open the shop is slow --ci web1 --impact 2 --urgency 2")
    assert opened == "INC-1 opened P3: the shop is slow\n"
    await until(lambda: bool(site.hub.escalations.known.escalations), "its escalation")
    assert "olga (chat)" in await typed(olga, "incident preview 1")
    lines = {
        "incident escalate 1 nobody answers": "INC-1 escalated: the shop is slow",
        "ack 1 on my way": "INC-1 acknowledged: the shop is slow",
        "incident note 1 the disk is full again": "INC-1 noted: the shop is slow",
        "incident assign 1 rab he knows the database": "INC-1 assigned to rab: the shop is slow",
        "incident hold 1 waiting for the supplier": "INC-1 on hold: the shop is slow",
        "incident resume 1": "INC-1 in progress: the shop is slow",
        "incident priority 1 --impact 1 --urgency 1 the whole shop is hit": "INC-1 weighed, it is P1: the shop is slow",
        "incident major 1 --every 15 nobody can buy": "INC-1 is a major incident: the shop is slow",
        "incident tell 1 customers we are on it": "INC-1 told: the shop is slow",
        "incident resolve 1 the disk is larger now": "INC-1 resolved: the shop is slow",
    }
    for line, answer in lines.items():
        assert await typed(olga, line) == answer + "\n"
    assert "INC-1" not in await typed(olga, "incident list")
    assert "INC-1" in await typed(olga, "incident list --filter state=resolved")
    await typed(olga, "incident reopen 1 it is slow again")
    assert "INC-1" in await typed(olga, "incidents")
    await typed(olga, "incident close 1 -m it was a test")
    incident = await shown(olga, 1)
    assert (incident["state"], incident["priority"], incident["assignee"]) == ("closed", 1, "rab")
    assert [one["text"] for one in incident["major"]["communications"]] == ["we are on it"]
    said = [(one["what"], one.get("text", "")) for one in incident["timeline"] if one["who"] == "olga"]
    assert said == [
        ("opened", ""),
        ("escalated", "the next step now: nobody answers"),
        ("acknowledged", "on my way"),
        ("note", "the disk is full again"),
        ("assigned", "to rab: he knows the database"),
        ("put on hold", "waiting for the supplier"),
        ("resumed", ""),
        ("priority", "P1 (impact 1, urgency 1): the whole shop is hit"),
        ("note", "major incident: nobody can buy"),
        ("resolved", "the disk is larger now"),
        ("reopened", "it is slow again"),
        ("resolved", "it was a test"),
        ("closed", "it was a test"),
    ]


async def test_two_that_are_one_and_two_that_belong_together(olga: Client) -> None:
    for title in ("one", "two", "three"):
        await typed(olga, f"incident open {title}")
    assert await typed(olga, "incident merge 2 1 the same disk") == "INC-1 took it over: one\n"
    assert await typed(olga, "incident link 3 1") == "INC-3 linked: three\n"
    assert (await shown(olga, 2))["merged_into"] == 1
    assert (await shown(olga, 1))["links"] == [2, 3]


async def test_quiet_for_a_while_and_somebody_else(olga: Client) -> None:
    silence = (await typed(olga, "silence add host=web1 priority=~[345] --for 2h moving the racks")).split()[0]
    (row,) = json.loads(await typed(olga, "silence list --json"))
    assert (row["matchers"], row["reason"]) == (["host=web1", "priority=~[345]"], "moving the racks")
    assert await typed(olga, f"silence end {silence}") == f"{silence} has ended\n"
    window = (await typed(olga, "maintenance add class=host name=web1 --for 1h -m new disks")).split()[0]
    (row,) = json.loads(await typed(olga, "maintenance list --json"))
    assert (row["select"], row["title"], row["state"]) == ("class=host name=web1", "new disks", "active")
    await typed(olga, f"maintenance end {window}")
    change = (await typed(olga, "oncall override ops --replace olga rab --for 8h at the dentist")).split(":")[0]
    assert "rab" in await typed(olga, "oncall who")
    (row,) = json.loads(await typed(olga, "oncall overrides --json"))
    assert row["reason"] == "at the dentist"
    await typed(olga, f"oncall end {change}")
    assert "olga" in await typed(olga, "oncall who")
    assert (await typed(olga, "oncall messages")).startswith("no messages")


@pytest.mark.parametrize(
    ("line", "status", "why"),
    [
        ("ack 7", 3, "INC-7"),
        ("incident hold 1", 2, "say what it waits for"),
        ("incident note 1", 2, "say what to note"),
        ("incident open", 2, "say what is wrong"),
        ("silence add host=web1 --for 1h", 2, "say why"),
        ("silence add nothing at all --for 1h", 2, "matcher"),
        ("incident resume 1", 6, "cannot be resumed"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_line(olga: Client, line: str, status: int, why: str) -> None:
    await typed(olga, "incident open the shop is slow")
    said = await typed(olga, line, status)
    assert why in said
    assert len(said.splitlines()) == 1
