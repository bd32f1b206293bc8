"""What people ask about on-call, silences, maintenance and hard nights, on a real hub."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from cmdb.hub.client import HubClient, HubRefusal
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.model.kind import Kind
from tests.support.hub import START, HandClock, check, ci, put, until

FILE = """
[[person]]
name = "mia"
quiet = "Mon-Sun 22:00-07:00"
[[person.channel]]
name = "mail"
url = "webhook+http://127.0.0.1:9/"
[[person]]
name = "rab"
[[schedule]]
name = "ops"
[[schedule.rotation]]
turns = [["mia"], ["rab"]]
start = 2026-03-02T00:00:00
every = "1d"
hours = "Mon-Fri 00:00-24:00"
[[policy]]
name = "default"
[[policy.step]]
targets = ["schedule:ops"]
delay = "5m"
[[policy.step]]
targets = ["person:rab"]
delay = "10m"
[route]
policy = "default"
"""
HOUR = timedelta(hours=1)


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    monkeypatch.setattr("cmdb.hub.roster.LOOK_EVERY_S", 0.05)
    return {"oncall.toml": FILE}


async def refused(client: HubClient, verb: str, **args: Any) -> HubRefusal:
    with pytest.raises(HubRefusal) as raised:
        await client.call(verb, **args)
    return raised.value


async def test_who_is_on_call_now_later_and_in_the_past(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await hub.roster.record()
    (now,) = await client.call("oncall.who")
    assert (now["people"], now["until"]) == (["mia"], START.replace(hour=0) + timedelta(days=1))
    (tomorrow,) = await client.call("oncall.who", at=START + timedelta(days=1))
    assert tomorrow["people"] == ["rab"]
    clock.turn(hours=1)
    end = clock.now() + HOUR
    await client.call("oncall.override", schedule="ops", kind="temporary", people=["rab"], end=end)
    await hub.roster.record()
    clock.turn(hours=3)
    await hub.roster.record()
    # The past is what was written down, whatever the file says now.
    (hub.locations.oncall).write_text(FILE.replace('[["mia"], ["rab"]]', '[["rab"], ["mia"]]'))
    await until(lambda: hub.roster.on_call("ops", clock.now()) == {"rab"}, "the new file", limit_s=20)
    assert [(await client.call("oncall.who", at=START + offset))[0]["people"] for offset in (0 * HOUR, 1.5 * HOUR)] == [
        ["mia"],
        ["rab"],
    ]
    (before,) = await client.call("oncall.who", at=START - HOUR)
    assert (before["people"], before["recorded"]) == ([], False)


async def test_gaps_and_loads_are_listed(client: HubClient) -> None:
    gaps = await client.call("oncall.gaps", days=7)
    assert [(gap["start"].isoformat(), gap["end"].isoformat()) for gap in gaps] == [
        ("2026-03-07T00:00:00+00:00", "2026-03-09T00:00:00+00:00")
    ]
    loads = {
        row["person"]: row["total_h"] for row in await client.call("oncall.load", days=14, start=START.replace(hour=0))
    }
    assert loads == {"mia": 120, "rab": 120}


async def test_an_override_is_checked_and_can_be_taken_back(hub: Hub, client: HubClient) -> None:
    end = START + HOUR
    made = await client.call(
        "oncall.override", schedule="ops", kind="replace", people=["rab"], instead_of="mia", end=end
    )
    assert (await client.call("oncall.who"))[0]["people"] == ["rab"]
    again = await refused(
        client, "oncall.override", schedule="ops", kind="replace", people=["rab"], instead_of="mia", end=end
    )
    assert (again.failure.code, "says the same already" in again.failure.why) == (Code.CONFLICT, True)
    unknown = await refused(client, "oncall.override", schedule="ops", kind="add", people=["eve"], end=end)
    assert unknown.failure.code is Code.NOT_FOUND
    past = await refused(
        client, "oncall.override", schedule="ops", kind="add", people=["rab"], start=START - HOUR, end=end
    )
    assert "on record" in past.failure.why
    await client.call("oncall.end", id=made["id"])
    assert (await client.call("oncall.who"))[0]["people"] == ["mia"]


async def test_a_calendar_goes_out_and_comes_in_again(hub: Hub, client: HubClient) -> None:
    text = (await client.call("oncall.export", days=3))["text"]
    assert "SUMMARY:mia" in text
    weekly = "\r\n".join(
        [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20260301T000000Z",
            "DTSTART:20260307T080000Z", "DTEND:20260307T200000Z", "RRULE:FREQ=WEEKLY;COUNT=3", "SUMMARY:rab",
            "END:VEVENT", "END:VCALENDAR", "",
        ]
    )  # fmt: skip
    assert len((await client.call("oncall.import", schedule="ops", text=weekly, dry_run=True))["added"]) == 3
    assert await client.call("oncall.overrides") == []
    await client.call("oncall.import", schedule="ops", text=weekly)
    assert (await client.call("oncall.who", at=START.replace(day=14, hour=9)))[0]["people"] == ["rab"]
    assert (await client.call("oncall.import", schedule="ops", text=weekly))["known"] == 3
    wrong = await refused(client, "oncall.import", schedule="ops", text="nonsense")
    assert wrong.failure.code is Code.USAGE


async def test_an_unknown_schedule_is_not_found(client: HubClient) -> None:
    assert (await refused(client, "oncall.who", schedule="night")).failure.code is Code.NOT_FOUND


async def test_silences_are_added_listed_and_ended(client: HubClient, clock: HandClock) -> None:
    made = await client.call("silence.add", matchers=["site=ber"], end=START + 2 * HOUR, reason="racks move")
    assert [row["state"] for row in await client.call("silence.list")] == ["active"]
    clock.turn(hours=1)
    assert [row["state"] for row in await client.call("silence.list")] == ["ending"]
    await client.call("silence.end", id=made["id"])
    assert await client.call("silence.list") == []
    wrong_ones: list[dict[str, Any]] = [
        {"matchers": []},
        {"matchers": ["site=~.*"]},
        {"matchers": ["site=ber"], "reason": ""},
    ]
    for args in wrong_ones:
        wrong = await refused(client, "silence.add", **({"end": clock.now() + HOUR, "reason": "x"} | args))
        assert wrong.failure.code is Code.USAGE


async def test_who_would_be_told_is_said_without_telling_anybody(hub: Hub, client: HubClient) -> None:
    await client.call("incident.open", title="web is down", impact=1, urgency=1)
    preview = await client.call("incident.preview", number=1)
    (route,) = preview["routes"]
    told = [(step["at"] - START, [p["name"] for t in step["targets"] for p in t["people"]]) for step in route["steps"]]
    assert told == [(timedelta(seconds=30), ["mia"]), (timedelta(seconds=330), ["rab"])]
    assert await hub.store.find(Kind.DELIVERY) == []


async def test_escalating_by_hand_takes_the_next_step_unless_it_escalated_since(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    await client.call("incident.open", title="web is down")
    await until(lambda: bool(hub.escalations.known.escalations), "the escalation has begun")
    await client.call("incident.escalate", number=1, as_of=START)

    async def told() -> bool:
        return len(await hub.store.find(Kind.DELIVERY)) == 1

    await until(told, "the first step is taken")
    late = await refused(client, "incident.escalate", number=1, as_of=START - HOUR)
    assert (late.failure.code, "escalated since" in late.failure.why) == (Code.CONFLICT, True)
    await client.call("incident.ack", number=1)
    assert (await refused(client, "incident.escalate", number=1)).failure.code is Code.CONFLICT


async def test_a_major_incident_has_its_own_timeline_and_updates_that_fall_due(
    client: HubClient, clock: HandClock
) -> None:
    await client.call("incident.open", title="all is down", impact=1, urgency=1)
    declared = await client.call("incident.major", number=1, reason="customers cannot buy", every_minutes=20)
    assert declared["major"]["update_due_at"] == START + timedelta(minutes=20)
    clock.turn(minutes=15)
    told = await client.call("incident.tell", number=1, audience="customers", text="we are on it")
    assert told["major"]["update_due_at"] == clock.now() + timedelta(minutes=20)
    assert [one["audience"] for one in told["major"]["communications"]] == ["customers"]
    assert (await refused(client, "incident.major", number=1, reason="x")).failure.code is Code.CONFLICT
    await client.call("incident.open", title="small")
    assert (await refused(client, "incident.tell", number=2, audience="x", text="y")).failure.code is Code.CONFLICT


async def test_incidents_are_merged_and_linked(client: HubClient) -> None:
    for title in ("one", "two", "three"):
        await client.call("incident.open", title=title)
    taker = await client.call("incident.merge", number=2, other=1, text="the same thing")
    assert (taker["number"], taker["links"]) == (1, [2])
    gone = await client.call("incident.show", number=2)
    assert (gone["state"], gone["merged_into"]) == ("closed", 1)
    await client.call("incident.link", number=3, other=1)
    assert (await client.call("incident.show", number=1))["links"] == [2, 3]
    assert (await client.call("incident.show", number=3))["links"] == [1]
    assert (await refused(client, "incident.merge", number=3, other=2)).failure.code is Code.CONFLICT
    assert (await refused(client, "incident.link", number=3, other=99)).failure.code is Code.NOT_FOUND


async def in_maintenance(hub: Hub, ci_id: str) -> None:
    await until(lambda: hub.maintenance.holds(ci_id), f"{ci_id} is in maintenance")


async def test_in_maintenance_nothing_opens_and_what_stays_bad_opens_at_its_end(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    await put(hub, ci("web", "host", host="web", name="web"), ci("http", host="web"), check("http", "tcp"))
    await put(hub, ci("db", "host", host="db", name="db"), check("db", "icmp"))
    made = await client.call("maintenance.add", select="class=host name=web", end=START + HOUR, title="new kernel")
    assert made["state"] == "active"
    await in_maintenance(hub, "http")
    await put(hub, check("http", "tcp", "critical", since=START), check("db", "icmp", "critical", since=START))
    await until(lambda: len(hub.book) == 1, "the incident of the other host")
    assert [incident.ci for incident in hub.book] == ["db"]
    clock.turn(hours=1)
    hub.maintenance.stir()
    await until(lambda: len(hub.book) == 2, "the incident at the end of the window")
    assert {incident.ci for incident in hub.book} == {"db", "http"}


async def test_what_recovers_in_maintenance_opens_nothing(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await put(hub, ci("web", "host", host="web", name="web"), check("web", "icmp"))
    made = await client.call("maintenance.add", select="name=web", end=START + HOUR)
    await in_maintenance(hub, "web")
    await put(hub, check("web", "icmp", "critical", since=START))
    await put(hub, check("web", "icmp"))
    await client.call("maintenance.end", id=made["id"])
    await until(lambda: not hub.maintenance.holds("web"), "the window is over")
    await hub.desk.work()
    assert len(hub.book) == 0
    assert (await refused(client, "maintenance.end", id=made["id"])).failure.code is Code.CONFLICT


async def test_a_flexible_window_begins_with_the_first_problem(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await put(hub, ci("web", "host", host="web", name="web"), check("web", "icmp"))
    await client.call("maintenance.add", select="name=web", end=START + 2 * HOUR, lasts_s=600)
    await put(hub, check("web", "icmp", "critical", since=START))
    await in_maintenance(hub, "web")
    clock.turn(minutes=10)
    hub.maintenance.stir()
    await until(lambda: len(hub.book) == 1, "the incident at the end of the window")


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ({"select": ""}, "covers everything"),
        ({"select": "name="}, "name="),
        ({"select": "name=x", "end": START - HOUR}, "before it begins"),
        ({"select": "name=x", "repeats": "whenever"}, "whenever"),
    ],
)
async def test_a_window_that_says_nothing_is_refused(client: HubClient, args: dict[str, Any], why: str) -> None:
    wrong = await refused(client, "maintenance.add", **({"end": START + HOUR} | args))
    assert (wrong.failure.code, why in wrong.failure.why) == (Code.USAGE, True)
