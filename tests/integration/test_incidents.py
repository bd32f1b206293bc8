"""From a failing check to an incident and back, on a real hub with a real client."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cmdb.config import Config, IncidentSection
from cmdb.hub.client import HubClient, HubRefusal
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.hub.rows import effects_of
from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from tests.support.hub import START, HandClock, check, ci, hub_at, put, relation, until

WEB = (
    ci("web", "host", host="web", name="web"),
    ci("nginx", "software", host="web", name="nginx"),
    ci("http", "endpoint", host="web", name="tcp/0.0.0.0:80"),
    relation("nginx", "listens_on", "http"),
)


@pytest.fixture
async def hub(hub: Hub) -> Hub:
    await put(hub, *WEB, check("http", "tcp"), check("http", "http"))
    return hub


async def the_incident(hub: Hub, **fields: Any) -> dict[str, Any]:
    """The only incident there is, once it has these fields."""
    found: list[Any] = []

    async def look() -> bool:
        found[:] = await hub.store.find(Kind.INCIDENT)
        return bool(found) and all(found[-1][name] == value for name, value in fields.items())

    await until(look, f"an incident with {fields}; there is {found}")
    assert len(found) == 1
    return dict(found[0])


async def test_a_hard_failure_opens_one_incident_and_recovery_resolves_it_after_the_hold_down(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    await put(hub, check("http", "tcp", "critical", since=clock.now()))
    incident = await the_incident(hub, state="new")
    assert (incident["priority"], incident["impact"], incident["urgency"]) == (2, 2, 1)
    assert incident["respond_due"] == START + timedelta(minutes=30)
    assert incident["resolve_due"] == START + timedelta(minutes=480)
    assert incident["title"] == "tcp/0.0.0.0:80 on web: tcp critical"
    (row,) = await client.call("check.list", filter="type=tcp")
    assert row["incident"] == 1

    clock.turn(seconds=60)
    await put(hub, check("http", "tcp", "ok", since=clock.now()))
    incident = await the_incident(hub, recovered_at=clock.now())
    assert incident["state"] == "new"
    clock.turn(seconds=300)
    hub.desk.stir()
    incident = await the_incident(hub, state="resolved")
    assert [entry["what"] for entry in incident["timeline"]] == ["opened", "recovered", "resolved"]
    assert (await client.call("hub.status"))["counts"]["incidents"] == 0


async def test_two_checks_of_one_server_are_one_incident(hub: Hub, clock: HandClock) -> None:
    await put(hub, check("http", "tcp", "critical", since=clock.now()))
    await the_incident(hub, state="new")
    await put(hub, check("http", "http", "critical", since=clock.now()))
    incident = await the_incident(hub, version=2)
    assert [(effect["check"], effect["role"]) for effect in await effects_of(hub.store, 1)] == [
        ("http/tcp", "cause"),
        ("http/http", "duplicate"),
    ]
    await put(hub, check("http", "tcp"))
    incident = await the_incident(hub, version=3)
    assert incident["recovered_at"] is None
    await put(hub, check("http", "http"))
    await the_incident(hub, recovered_at=clock.now())


async def test_a_soft_failure_opens_nothing(hub: Hub) -> None:
    await put(hub, check("http", "tcp", "critical", hard=False))
    await put(hub, check("http", "http", "critical"))
    await the_incident(hub)
    assert [effect["check"] for effect in await effects_of(hub.store, 1)] == ["http/http"]


async def test_what_fails_again_within_a_day_reopens_its_incident(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    await put(hub, check("http", "tcp", "critical", since=clock.now()))
    await the_incident(hub, state="new")
    await client.call("incident.ack", number=1)
    await put(hub, check("http", "tcp"))
    await the_incident(hub, recovered_at=clock.now())
    clock.turn(minutes=5)
    hub.desk.stir()
    await the_incident(hub, state="resolved")
    clock.turn(hours=23)
    await put(hub, check("http", "tcp", "critical", since=clock.now()))
    incident = await the_incident(hub, state="new")
    assert (incident["reopened"], incident["acknowledged_by"]) == (1, None)
    assert incident["respond_due"] == clock.now() + timedelta(minutes=30)


async def test_what_fails_again_later_opens_a_new_incident_that_follows_the_old(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    await put(hub, check("http", "tcp", "critical", since=clock.now()))
    await the_incident(hub, state="new")
    await put(hub, check("http", "tcp"))
    await the_incident(hub, recovered_at=clock.now())
    clock.turn(minutes=5)
    hub.desk.stir()
    await the_incident(hub, state="resolved")
    clock.turn(hours=24)
    hub.desk.stir()
    await the_incident(hub, state="closed")
    await put(hub, check("http", "tcp", "critical", since=clock.now()))
    await until(lambda: len(hub.book) == 1, "a new incident")
    (new,) = hub.book
    assert (new.number, new.links) == (2, (1,))


async def test_a_relapse_during_the_hold_down_goes_on_with_the_incident(hub: Hub, clock: HandClock) -> None:
    await put(hub, check("http", "tcp", "critical", since=clock.now()))
    await put(hub, check("http", "tcp"))
    await the_incident(hub, recovered_at=clock.now())
    clock.turn(minutes=4)
    await put(hub, check("http", "tcp", "critical", since=clock.now()))
    incident = await the_incident(hub, recovered_at=None)
    assert incident["timeline"][-1]["what"] == "relapsed"


async def test_of_fifty_who_acknowledge_at_once_one_wins_and_the_rest_learn_who(hub: Hub, clock: HandClock) -> None:
    await put(hub, check("http", "tcp", "critical", since=clock.now()))
    await the_incident(hub)
    clients = [await HubClient.connect(hub.locations.hub_socket, actor=f"person-{n}") for n in range(50)]
    answers = await asyncio.gather(
        *(client.call("incident.ack", number=1) for client in clients), return_exceptions=True
    )
    won = [answer for answer in answers if isinstance(answer, dict)]
    lost = [answer.failure for answer in answers if isinstance(answer, HubRefusal)]
    assert (len(won), len(lost)) == (1, 49)
    winner = won[0]["acknowledged_by"]
    assert {(failure.code, failure.why) for failure in lost} == {
        (Code.CONFLICT, f"is already acknowledged by {winner} at 2026-03-02T12:00:00Z")
    }
    incident = await the_incident(hub)
    assert [entry["what"] for entry in incident["timeline"]].count("acknowledged") == 1
    for client in clients:
        await client.close()


async def test_people_work_on_an_incident_step_by_step(hub: Hub, client: HubClient) -> None:
    opened = await client.call("incident.open", title="the printer\x1b[31m burns", ci="web", impact=1, urgency=1)
    assert (opened["number"], opened["priority"], opened["title"]) == (1, 1, "the printer[31m burns")
    assert (await client.call("incident.ack", number=1, text="on my way"))["state"] == "acknowledged"
    assert (await client.call("incident.assign", number=1, assignee="mia"))["assignee"] == "mia"
    assert (await client.call("incident.hold", number=1, reason="waiting for parts"))["state"] == "on_hold"
    assert (await client.call("incident.resume", number=1))["state"] == "in_progress"
    await client.call("incident.note", number=1, text="parts are here")
    assert (await client.call("incident.resolve", number=1))["state"] == "resolved"
    assert (await client.call("incident.close", number=1))["state"] == "closed"
    for verb in ("ack", "reopen", "hold"):
        with pytest.raises(HubRefusal, match="is closed") as refused:
            await client.call(f"incident.{verb}", number=1, **({"reason": "x"} if verb == "hold" else {}))
        assert refused.value.failure.code is Code.CONFLICT
    assert await client.call("incident.list") == []
    shown = await client.call("incident.show", number=1)
    assert [entry["what"] for entry in shown["timeline"]] == [
        "opened", "acknowledged", "assigned", "put on hold", "resumed", "note", "resolved", "closed",
    ]  # fmt: skip


async def test_a_person_may_set_the_priority_with_a_reason(hub: Hub, client: HubClient) -> None:
    await client.call("incident.open", title="slow", impact=3, urgency=3)
    after = await client.call("incident.priority", number=1, impact=1, urgency=2, reason="the board looks at it")
    assert (after["priority"], after["overridden"]) == (2, True)
    assert after["timeline"][-1]["text"].endswith("the board looks at it")


async def test_acknowledgements_that_are_old_are_listed_as_stale(hub: Hub, client: HubClient, clock: HandClock) -> None:
    for title in ("one", "two"):
        await client.call("incident.open", title=title)
    await client.call("incident.ack", number=1)
    clock.turn(hours=8)
    assert await client.call("incident.list", stale=True) == []
    clock.turn(seconds=1)
    assert [row["number"] for row in await client.call("incident.list", stale=True)] == [1]


async def test_a_stale_writer_is_refused(hub: Hub, client: HubClient) -> None:
    await client.call("incident.open", title="slow")
    await client.call("incident.note", number=1, text="first", expected_version=1)
    with pytest.raises(HubRefusal, match="at version 2, not 1") as refused:
        await client.call("incident.note", number=1, text="second", expected_version=1)
    assert refused.value.failure.code is Code.CONFLICT


async def test_a_viewer_may_look_but_not_act(hub: Hub, client: HubClient) -> None:
    await client.call("incident.open", title="slow")
    await client.call("hub.act_as", actor="guest", role="viewer")
    assert len(await client.call("incident.list")) == 1
    with pytest.raises(HubRefusal, match="guest is viewer") as refused:
        await client.call("incident.ack", number=1)
    assert refused.value.failure.code is Code.NOT_ALLOWED


async def test_an_unknown_incident_is_not_found(client: HubClient) -> None:
    for verb in ("show", "ack", "resolve"):
        with pytest.raises(HubRefusal, match="INC-77") as refused:
            await client.call(f"incident.{verb}", number=77)
        assert refused.value.failure.code is Code.NOT_FOUND


async def test_a_restarted_hub_goes_on_where_the_last_one_stopped(tmp_path: Path, clock: HandClock) -> None:
    config = Config(incident=IncidentSection(hold_down_s=10))
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    async with hub_at(tmp_path, clock=clock, store=store, config=config) as hub:
        await put(hub, *WEB, check("http", "tcp", "critical", since=clock.now()))
        await the_incident(hub, state="new")
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    async with hub_at(tmp_path, clock=clock, store=store, config=config) as hub:
        await put(hub, check("http", "tcp"))
        await the_incident(hub, recovered_at=clock.now())
    clock.turn(seconds=11)
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    async with hub_at(tmp_path, clock=clock, store=store, config=config) as hub:
        await the_incident(hub, state="resolved")


async def test_an_incident_lists_what_changed_before_it_nearest_and_newest_first(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    clock.turn(hours=30)
    later: dict[str, Any] = {"host": "web", "name": "openssl", "first_seen": clock.now()}
    await put(hub, ci("openssl", "package", attributes={"version": "3.0.11"}, **later))
    await put(hub, ci("bash", "package", host="web", attributes={"version": "5"}))  # found with its host: no change
    await put(hub, ci("far", "package", host="elsewhere", attributes={"version": "1"}))
    clock.turn(minutes=10)
    await put(hub, ci("openssl", "package", attributes={"version": "3.0.13"}, **later))
    await put(hub, ci("far", "package", host="elsewhere", attributes={"version": "2"}))
    clock.turn(minutes=5)
    await put(hub, ci("nginx", "software", host="web", name="nginx", attributes={"config": "b"}))
    clock.turn(minutes=1)
    await put(hub, check("http", "tcp", "critical", since=clock.now()))
    incident = await the_incident(hub)
    assert [(one["what"], one["distance"]) for one in incident["suspects"]] == [
        ("nginx: config nothing → b, by test", 1),
        ("openssl: version 3.0.11 → 3.0.13, by test", 2),
        ("openssl appeared, by test", 2),
    ]


async def test_impact_comes_from_the_services_that_stand_on_what_is_down(tmp_path: Path, clock: HandClock) -> None:
    (tmp_path / "services.d").mkdir()
    (tmp_path / "services.d" / "shop.toml").write_text(
        '[[service]]\nname = "shop"\ncriticality = 1\n[[service.component]]\nname = "web"\nselect = "class=endpoint"\n'
    )
    async with hub_at(tmp_path, clock=clock) as hub:
        await put(hub, *WEB, ci("switch", "host", host="switch"), relation("web", "depends_on", "switch"))
        await put(hub, check("switch", "icmp"), check("switch", "load"))
        await until(lambda: bool(hub.services.supported_by(["http"])), "the service has its item")
        await put(hub, check("switch", "load", "critical", since=clock.now()))
        assert ((await the_incident(hub))["services"], (await the_incident(hub))["priority"]) == ([], 2)
        await put(hub, check("switch", "load"))
        await put(hub, check("switch", "icmp", "critical", since=clock.now()))
        await until(lambda: any(one.services == ("shop",) and one.priority == 1 for one in hub.book), "the shop is hit")


async def test_flapping_asks_once_for_an_acknowledgement_anew(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await put(hub, check("http", "tcp", "critical", since=clock.now()))
    await the_incident(hub, state="new")
    await client.call("incident.ack", number=1)
    await put(hub, check("http", "tcp", "critical", since=clock.now(), flapping=True))
    incident = await the_incident(hub, state="new")
    assert incident["timeline"][-1]["text"].startswith("tcp of tcp/0.0.0.0:80 on web is flapping; ")
    await client.call("incident.ack", number=1)
    for state in ("ok", "critical"):
        await put(hub, check("http", "tcp", state, since=clock.turn(seconds=1), flapping=True))
        await the_incident(hub, recovered_at=clock.now() if state == "ok" else None)
    assert (await the_incident(hub))["state"] == "acknowledged"


async def test_what_a_prober_was_too_late_for_is_no_incident_even_where_unknown_is_one(
    tmp_path: Path, clock: HandClock
) -> None:
    config = Config(incident=IncidentSection(open_on=("critical", "unknown")))
    async with hub_at(tmp_path, clock=clock, config=config) as hub:
        late = check("http", "http", "unknown", reason="prober_late")
        await put(hub, *WEB, late, check("http", "tcp", "unknown", reason="failed"))
        await until(lambda: hub.book.of_check("http/tcp") is not None, "an incident about what is unknown")
        assert hub.book.of_check("http/http") is None
