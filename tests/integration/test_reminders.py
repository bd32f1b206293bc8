"""What is told without a question: a hand-over at the end of a shift, an update that is due; and what is done again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from cmdb.config import Config
from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.hub.update_watch import UpdateWatch
from tests.support.hub import START, HandClock, check, ci, put, relation, until
from tests.support.receivers import Postbox, web_server

FILE = """
[[person]]
name = "mia"
[[person.channel]]
name = "chat"
url = "webhook+{mia}"
[[person]]
name = "rab"
[[person.channel]]
name = "chat"
url = "webhook+{rab}"
[[schedule]]
name = "ops"
[[schedule.rotation]]
turns = [["mia"], ["rab"]]
start = 2026-03-02T09:00:00
every = "12h"
[[policy]]
name = "default"
[[policy.step]]
targets = ["schedule:ops"]
delay = "10m"
[[route.route]]
matchers = ["source=nowhere"]
[[route.route]]
group_by = ["number"]
[[route.route.route]]
name = "grave"
matchers = ["priority=1"]
repeat_interval = "1h"
"""


@pytest.fixture
def mia() -> Iterator[Postbox]:
    with web_server() as box:
        yield box


@pytest.fixture
def rab() -> Iterator[Postbox]:
    with web_server() as box:
        yield box


@pytest.fixture
def files(mia: Postbox, rab: Postbox) -> Mapping[str, str]:
    return {"oncall.toml": FILE.format(mia=mia.url, rab=rab.url)}


@pytest.fixture
def config() -> Config:
    return msgspec.convert({"notify": {"first_pause_s": 0.01}}, Config)


@pytest.fixture
def actor() -> str:
    return "mia"


def titles(box: Postbox) -> list[str]:
    return [post["title"] for post in box.posts]


async def test_both_shifts_are_told_once_what_is_open_at_a_hand_over(
    hub: Hub, client: HubClient, clock: HandClock, mia: Postbox, rab: Postbox
) -> None:
    await hub.roster.record()
    for title in ("disk is full", "shop is slow"):
        await client.call("incident.open", title=title, impact=2, urgency=2)
    await client.call("incident.ack", number=1)
    await client.call("incident.hold", number=2, reason="waiting for the supplier")
    clock.turn(hours=9)
    await hub.roster.record()
    await until(lambda: bool(mia.posts and rab.posts), "both are told")
    await hub.roster.record()
    said = "ops: mia hands over to rab, 2 open incidents"
    assert (titles(mia), titles(rab)) == ([said], [said])
    assert rab.posts[0]["text"].splitlines() == [
        "until 2026-03-03 09:00 UTC",
        "",
        "INC-1 P3 disk is full (acknowledged, mia has it; open for 9.0 h)",
        "INC-2 P3 shop is slow (on hold, nobody has it, waits: waiting for the supplier; open for 9.0 h)",
    ]

    async def recorded() -> bool:
        return [(row["person"], row["state"]) for row in await client.call("oncall.messages", sort="person")] == [
            ("mia", "sent"),
            ("rab", "sent"),
        ]

    await until(recorded, "both receipts are on record")


async def test_an_update_on_a_major_incident_that_is_due_rings_once_until_the_next_is_due(
    hub: Hub, client: HubClient, clock: HandClock, mia: Postbox
) -> None:
    watch = UpdateWatch(hub.ledger, hub.clock, hub.book, hub.roster, hub.escalations)
    await client.call("incident.open", title="all is down", impact=1, urgency=1)
    await client.call("incident.ack", number=1)
    await client.call("incident.major", number=1, reason="nobody can buy", every_minutes=20)
    await client.call("incident.tell", number=1, audience="customers", text="we look into it")
    await watch.look()
    assert mia.posts == []
    clock.turn(minutes=20)
    await watch.look()
    await watch.look()
    await until(lambda: len(mia.posts) == 1, "mia is reminded")
    assert titles(mia) == ["INC-1 P1: an update is due, all is down"]
    assert mia.posts[0]["text"].splitlines() == [
        "major incident since 20 min: nobody can buy",
        "last told customers at 12:00 UTC: we look into it",
        'say something: watchdeck incident tell 1 AUDIENCE "TEXT"',
    ]
    assert await notes(client) == ["major incident: nobody can buy", "an update is due since 12:20 UTC; reminded: mia"]
    await client.call("incident.tell", number=1, audience="customers", text="it is the database")
    await watch.look()
    clock.turn(minutes=20)
    await watch.look()
    await until(lambda: len(mia.posts) == 2, "mia is reminded of the next")


async def notes(client: HubClient) -> list[str]:
    shown = await client.call("incident.show", number=1)
    return [entry["text"] for entry in shown["timeline"] if entry["what"] == "note"]


async def test_a_nested_route_repeats_at_its_own_interval(
    hub: Hub, client: HubClient, clock: HandClock, mia: Postbox
) -> None:
    await client.call("incident.open", title="all is down", impact=1, urgency=1)

    async def messages(count: int) -> None:
        hub.escalations.stir()
        await until(lambda: len(mia.posts) == count, f"message {count}")

    await until(lambda: bool(hub.escalations.known.escalations), "the escalation has begun")
    clock.turn(seconds=30)
    await messages(1)
    clock.turn(minutes=59)
    hub.escalations.stir()
    await until(lambda: [one.route for one in hub.escalations.known.escalations.values()] == ["grave"], "its route")
    clock.turn(minutes=2)
    await messages(2)


async def test_work_that_was_planned_is_a_suspect(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await put(hub, ci("switch", "host", host="switch"), ci("web", "host", host="web"), check("web"))
    await put(hub, relation("web", "depends_on", "switch"), ci("db", "host", host="db"))
    for name, title in (("switch", "new firmware"), ("db", "index rebuilt")):
        args: dict[str, Any] = {"select": f"name={name}", "title": title, "end": START + timedelta(hours=2)}
        await client.call("maintenance.add", **args)
    clock.turn(hours=3)
    await put(hub, check("web", state="critical", since=clock.now()))
    await until(lambda: len(hub.book) == 1, "an incident")
    (incident,) = hub.book
    planned = [(one.what, one.at, one.ci, one.distance) for one in incident.suspects if "planned" in one.what]
    assert planned == [("planned work: new firmware, by mia", START, "switch", 1)]
