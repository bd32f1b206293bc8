"""People are told of incidents: by a real mail server and a real web server, step after step, over a restart too."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cmdb.config import Config
from cmdb.hub.hub import Hub
from cmdb.hub.main import running
from cmdb.locations import Locations
from cmdb.model.change import Put
from cmdb.model.escalation import Delivery, Escalation
from cmdb.model.kind import Kind
from cmdb.model.oncall import Override, OverrideKind
from cmdb.model.silence import Silence
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.memory import MemoryStore
from tests.support.hub import START, HandClock, client_of, hub_at, until
from tests.support.receivers import mail_server, web_server

FILE = """
[[person]]
name = "mia"
{mia}
[[person]]
name = "rab"
{rab}
[[team]]
name = "all"
members = ["mia", "rab"]
[[schedule]]
name = "ops"
[[schedule.rotation]]
turns = [["mia"], ["rab"]]
start = 2026-03-02T00:00:00
every = "1d"
[[policy]]
name = "default"
repeat = 1
[[policy.step]]
targets = ["schedule:ops"]
delay = "5m"
[[policy.step]]
targets = ["team:all"]
delay = "10m"
[route]
policy = "default"
group_wait = "30s"
"""
FAST = msgspec.convert({"notify": {"first_pause_s": 0.01}}, Config)


def channels(*urls: str, quiet: str = "") -> str:
    parts = [f'[[person.channel]]\nname = "way-{number}"\nurl = "{url}"' for number, url in enumerate(urls)]
    return (f'quiet = "{quiet}"\n' if quiet else "") + "\n".join(parts)


def mail_to(port: int, name: str) -> str:
    return f"mailto://127.0.0.1:{port}/?from=w@example.org&to={name}@example.org"


@contextlib.asynccontextmanager
async def installation(folder: Path, clock: HandClock, mia: str = "", rab: str = "") -> AsyncIterator[Hub]:
    (folder / "oncall.toml").write_text(FILE.format(mia=mia, rab=rab))
    store = await EmbeddedStore.open(folder / "watchdeck.db")
    async with hub_at(folder, clock=clock, store=store, config=FAST) as hub:
        yield hub


async def opened(hub: Hub, title: str = "web is down", **args: Any) -> None:
    async with await client_of(hub) as client:
        await client.call("incident.open", title=title, **args)


async def turned(hub: Hub, clock: HandClock, **by: float) -> None:
    clock.turn(**by)
    hub.escalations.stir()
    hub.deliveries.stir()


async def deliveries(hub: Hub) -> list[Delivery]:
    return [msgspec.convert(one, Delivery) for one in await hub.store.find(Kind.DELIVERY)]


async def has(hub: Hub, count: int, state: str = "sent") -> list[Delivery]:
    found: list[Delivery] = []

    async def look() -> bool:
        found[:] = [one for one in await deliveries(hub) if one.state == state]
        return len(found) >= count

    await until(look, f"{count} deliveries {state}")
    assert len(found) == count
    return sorted(found, key=lambda one: (one.created_at, one.person))


async def begun(hub: Hub) -> None:
    async def look() -> bool:
        return bool(await hub.store.find(Kind.ESCALATION))

    await until(look, "the escalation has begun")


async def timeline(hub: Hub, number: int = 1) -> list[str]:
    incident = await hub.store.get(Kind.INCIDENT, str(number))
    assert incident is not None
    return [f"{entry['what']} {entry.get('text', '')}".strip() for entry in incident["timeline"]]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


async def test_who_is_on_call_gets_a_mail_that_says_how_to_acknowledge(tmp_path: Path, clock: HandClock) -> None:
    with mail_server() as box:
        async with installation(tmp_path, clock, channels(mail_to(box.port, "mia"))) as hub:
            await opened(hub, impact=1, urgency=1)
            await begun(hub)
            assert box.mail == []
            await turned(hub, clock, seconds=30)
            await has(hub, 1)
            assert "told mia by way-0: accepted by Email" in (await timeline(hub))[-1].replace("E-Mail", "Email")
    (mail,) = box.mail
    assert (mail["To"], mail["Subject"]) == ("mia@example.org", "INC-1 P1 web is down")
    body = mail.get_body(("plain",))
    assert body is not None
    lines = body.get_content().splitlines()
    assert lines[0] == "INC-1 P1 web is down"
    assert "answer by: 2026-03-02 12:15 UTC" in lines
    assert "acknowledge: watchdeck incident ack 1" in lines


async def test_nobody_is_told_before_the_way_in_that_is_named_is_open(tmp_path: Path, clock: HandClock) -> None:
    (tmp_path / "oncall.toml").write_text(FILE.format(mia="", rab=""))
    store = MemoryStore()
    async with running(Locations(tmp_path), FAST, clock, store, complete=False) as hub:
        await opened(hub)
        for seconds in (0, 30):
            await turned(hub, clock, seconds=seconds)
            for _ in range(100):
                await asyncio.sleep(0)  # turns in which it would be told of
        hub.ssh = ("hub.example.org", 2222)
        hub.complete.set()
        await begun(hub)
        await turned(hub, clock, seconds=30)
        (delivery,) = await has(hub, 1, "failed")  # mia has no channel
        assert "acknowledge: ssh -p 2222 hub.example.org incident ack 1" in delivery.text
    await store.close()


async def test_after_three_failures_the_next_channel_is_tried(tmp_path: Path, clock: HandClock) -> None:
    with web_server(refuse=99) as first, mail_server() as second:
        mia = channels(f"webhook+{first.url}", mail_to(second.port, "mia"))
        async with installation(tmp_path, clock, mia) as hub:
            await opened(hub)
            await begun(hub)
            await turned(hub, clock, seconds=30)
            for _ in range(2):
                await until(lambda: bool(hub.deliveries.waiting), "the next try waits")
                await turned(hub, clock, seconds=1)
            (delivery,) = await has(hub, 1)
            assert (first.attempts, len(second.mail)) == (3, 1)
            assert [receipt.split(" ", 1)[1] for receipt in delivery.receipts[:3]] == ["way-0: answered 503"] * 3
            assert sum("not yet" in step for step in await timeline(hub)) == 3


async def test_one_that_fails_at_first_is_sent_again(tmp_path: Path, clock: HandClock) -> None:
    with web_server(refuse=1) as box:
        async with installation(tmp_path, clock, channels(f"webhook+{box.url}")) as hub:
            await opened(hub)
            await begun(hub)
            await turned(hub, clock, seconds=30)
            await until(lambda: bool(hub.deliveries.waiting), "the second try waits")
            await turned(hub, clock, seconds=1)
            await has(hub, 1)
    assert box.attempts == 2
    assert box.posts[0]["incidents"][0]["number"] == 1


async def test_when_no_channel_is_left_it_is_said(tmp_path: Path, clock: HandClock) -> None:
    async with installation(tmp_path, clock) as hub:
        await opened(hub)
        await begun(hub)
        await turned(hub, clock, seconds=30)
        await has(hub, 1, "failed")
        assert (await timeline(hub))[-1] == "told mia could not be told: no channel is left"


async def test_steps_follow_each_other_until_somebody_acknowledges(tmp_path: Path, clock: HandClock) -> None:
    with web_server() as box:
        way = channels(f"webhook+{box.url}")
        async with installation(tmp_path, clock, way, way) as hub:
            await opened(hub)
            await begun(hub)
            await turned(hub, clock, seconds=30)
            await has(hub, 1)
            await turned(hub, clock, minutes=5)
            await has(hub, 3)
            await turned(hub, clock, minutes=10)
            await has(hub, 4)
            async with await client_of(hub) as client:
                await client.call("incident.ack", number=1)
            await turned(hub, clock, minutes=30)
            await hub.escalations.work()
            assert len(await deliveries(hub)) == 4
    assert [post["person"] for post in box.posts] == ["mia", *sorted(["mia", "rab"], key=_first(box.posts)), "mia"]


def _first(posts: list[dict[str, Any]]) -> Any:
    return [post["person"] for post in posts[1:3]].index


async def test_a_hub_killed_in_the_middle_goes_on_without_repeating_or_missing_a_step(
    tmp_path: Path, clock: HandClock
) -> None:
    with web_server() as box:
        way = channels(f"webhook+{box.url}")
        async with installation(tmp_path, clock, way, way) as hub:
            await opened(hub)
            await begun(hub)
            await turned(hub, clock, seconds=30)
            await has(hub, 1)
        clock.turn(minutes=5)
        async with installation(tmp_path, clock, way, way) as hub:
            await has(hub, 3)
            (escalation,) = [msgspec.convert(one, Escalation) for one in await hub.store.find(Kind.ESCALATION)]
            assert (escalation.taken, escalation.round) == (2, 1)
        async with installation(tmp_path, clock, way, way) as hub:
            await hub.escalations.work()
            assert len(await deliveries(hub)) == 3
    assert len(box.posts) == 3


async def test_nobody_on_call_is_said_and_the_delay_still_runs(tmp_path: Path, clock: HandClock) -> None:
    with web_server() as box:
        way = channels(f"webhook+{box.url}")
        async with installation(tmp_path, clock, way, way) as hub:
            hour = timedelta(hours=1)
            for name in ("mia", "rab"):
                gone = Override(
                    id=name, schedule="ops", kind=OverrideKind.REMOVE, people=(name,), start=START, end=START + hour
                )
                await hub.ledger.commit([Put(Kind.OVERRIDE, gone, 0)], actor="test", reason="test")
            await until(lambda: hub.roster.unstaffed(START) == ["ops"], "the schedule is known to be empty")
            await opened(hub)
            await begun(hub)
            await turned(hub, clock, seconds=30)

            async def said() -> bool:
                return any("no one is on call for schedule:ops" in step for step in await timeline(hub))

            await until(said, "that nobody was on call")
            await turned(hub, clock, minutes=5)
            await has(hub, 2)


async def test_incidents_of_a_group_are_told_together(tmp_path: Path, clock: HandClock) -> None:
    with web_server() as box:
        async with installation(tmp_path, clock, channels(f"webhook+{box.url}")) as hub:
            await opened(hub, "one")
            await begun(hub)
            await turned(hub, clock, seconds=20)
            await opened(hub, "two", impact=1, urgency=1)
            await until(lambda: len(hub.escalations.known.escalations) == 2, "both wait")
            await turned(hub, clock, seconds=10)
            (delivery,) = await has(hub, 1)
            assert delivery.incidents == (1, 2)
            assert delivery.title == "2 incidents, worst: INC-2 P1 two"
            await opened(hub, "three")
            await until(lambda: len(hub.escalations.known.escalations) == 3, "the third waits")
            (third,) = [one for one in hub.escalations.known.escalations.values() if one.incident == 3]
            assert third.next_at == clock.now() + timedelta(minutes=5)


async def test_a_silence_holds_back_and_its_end_goes_on(tmp_path: Path, clock: HandClock) -> None:
    with web_server() as box:
        async with installation(tmp_path, clock, channels(f"webhook+{box.url}")) as hub:
            end = START + timedelta(hours=1)
            quiet = Silence(id="s", matchers=("title=~web.*",), start=START, end=end, by="mia", reason="racks move")
            await hub.ledger.commit([Put(Kind.SILENCE, quiet, 0)], actor="mia", reason="racks move")
            await opened(hub)
            await begun(hub)
            await turned(hub, clock, seconds=30)

            async def held() -> bool:
                return any("silenced by mia until 2026-03-02T13:00:00Z" in step for step in await timeline(hub))

            await until(held, "that it is silenced")
            await turned(hub, clock, minutes=59, seconds=30)
            await has(hub, 1)


async def test_quiet_hours_hold_back_all_but_a_p1(tmp_path: Path, clock: HandClock) -> None:
    with web_server() as box:
        way = channels(f"webhook+{box.url}", quiet="Mon-Sun 10:00-14:00")
        async with installation(tmp_path, clock, way) as hub:
            await opened(hub, "small", impact=3, urgency=3)
            await begun(hub)
            await turned(hub, clock, seconds=30)
            (delivery,) = await has(hub, 1, "pending")
            assert delivery.next_at == START + timedelta(hours=2)
            await opened(hub, "large", impact=1, urgency=1)
            await until(lambda: len(hub.escalations.known.escalations) == 2, "both are there")
            await turned(hub, clock, minutes=5)
            (sent,) = await has(hub, 1)
            assert sent.incidents == (2,)
