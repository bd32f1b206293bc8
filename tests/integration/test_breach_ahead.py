"""A service fails on purpose: the breach is announced before it comes, by mail, with evidence; budgets call people."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from cmdb.hub.burn_alarms import BurnAlarms
from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.hub.notices import Notices, Tell
from cmdb.stakeholder import tell_stakeholder
from tests.support.hub import HandClock, until
from tests.support.receivers import Mailbox, mail_server
from tests.support.shop import set_web

SHOP = """
[[service]]
name = "shop"
criticality = 1
[[service.component]]
name = "web"
select = "class=endpoint name~web"
[service.sla]
target = "99.9%"
consequences = "10 % credit"
stakeholders = ["leo@example.org", "nobody"]
[[service.agreement]]
name = "desk"
target = "50%"
consequences = "10 % credit"
penalty = 250
respond = { 3 = "15m", 4 = "15m", 5 = "15m" }
stakeholders = ["leo@example.org"]
"""


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def files() -> Mapping[str, str]:
    return {"services.d/shop.toml": SHOP}


@pytest.fixture
def notices(hub: Hub, mailbox: Mailbox) -> Notices:
    server = f"mailto://127.0.0.1:{mailbox.port}/?from=hub@example.org"
    return notices_of(hub, functools.partial(tell_stakeholder, hub.locations, server))


def notices_of(hub: Hub, tell: Tell) -> Notices:
    return Notices(hub.ledger, hub.clock, hub.services, hub.outlook, hub.book, tell)


@pytest.mark.slow  # loading the notification library takes over a second
async def test_the_stakeholder_has_mail_before_the_breach(
    hub: Hub, client: HubClient, clock: HandClock, notices: Notices, mailbox: Mailbox
) -> None:
    await set_web(hub, "ok")
    clock.turn(days=10)
    await notices.look()
    assert mailbox.mail == []
    await set_web(hub, "critical")
    noticed_at = clock.turn(minutes=10)
    await notices.look()
    [mail] = mailbox.mail
    assert mail["To"] == "leo@example.org"
    assert "shop will be breached at 2026-03-12T12:43:12Z" in str(mail["Subject"])
    text = mail.get_body(("plain",))
    assert text is not None
    assert "burning 166.7 times as quickly as it may" in text.get_content()
    assert "10 % credit" in text.get_content()

    clock.turn(minutes=10)
    await notices.look()
    assert len(mailbox.mail) == 1
    breached_at = clock.turn(minutes=30)
    await notices.look()
    [row] = await client.call("sla.forecast", name="shop")
    [notice] = row["notices"]
    assert (row["status"], notice["noticed_at"], notice["breached_at"]) == ("breached", noticed_at, breached_at)
    assert "accepted by" in notice["receipts"]["leo@example.org"]
    assert row["announced_share"] == 0.0  # 40 minutes ahead: less than the hour that was agreed


async def test_who_cannot_be_told_is_recorded_after_some_tries(
    hub: Hub, client: HubClient, clock: HandClock, notices: Notices
) -> None:
    await set_web(hub, "ok")
    clock.turn(days=1)
    await set_web(hub, "critical")
    for _ in range(5):
        clock.turn(minutes=1)
        await notices.look()
    [row] = await client.call("sla.forecast", name="shop")
    receipt = row["notices"][0]["receipts"]["nobody"]
    assert receipt == "not sent: nobody is neither a person of oncall.toml nor an address"


@pytest.mark.slow
async def test_notices_go_on_after_a_restart(
    hub: Hub, clock: HandClock, notices: Notices, mailbox: Mailbox, client: HubClient
) -> None:
    await set_web(hub, "ok")
    clock.turn(days=1)
    await set_web(hub, "critical")
    clock.turn(minutes=5)
    await notices.look()
    again = notices_of(hub, notices._tell)
    clock.turn(minutes=1)
    await again.look()
    assert len(mailbox.mail) == 1
    [row] = await client.call("sla.forecast", name="shop")
    assert len(row["notices"]) == 1


async def test_a_clock_that_runs_out_is_a_breach_ahead_with_its_incident(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    told: list[str] = []

    def tell(who: str, title: str, _text: str, _facts: object) -> str:
        told.append(f"{who}: {title}")
        return "taken"

    notices = notices_of(hub, tell)
    await set_web(hub, "ok")
    incident = await client.call("incident.open", title="Slow search", ci="web-1", impact=3, urgency=3)
    assert incident["services"] == ["shop"]
    clock.turn(minutes=10)
    await notices.look()
    assert told == []
    due = clock.now() + timedelta(minutes=5)
    clock.turn(minutes=2)
    await notices.look()
    [row] = await client.call("sla.forecast", name="desk")
    assert (row["status"], row["breach_at"], row["breached"]) == ("met", due, False)
    assert [(one["kind"], one["at"]) for one in row["ahead"]] == [("clock", due)]
    assert row["ahead"][0]["why"] == "INC-1: 80% of the 15 min to respond passed, it waits for first response"
    assert row["cost"] == {"penalty": 250.0, "currency": "EUR", "consequences": "10 % credit"}
    assert [one["who"] for one in row["told"]] == ["leo@example.org"]
    assert row["told"][0]["receipt"].endswith("taken")
    clock.turn(minutes=4)
    await notices.look()
    [row] = await client.call("sla.forecast", name="desk")
    assert row["breached"]
    assert row["notices"][0]["breached_at"] == clock.now()
    await client.call("incident.ack", number=1, text="on it")
    await notices.look()
    [row] = await client.call("sla.forecast", name="desk")
    assert (row["breached"], row["ahead"]) == (False, [])


async def test_a_budget_that_burns_is_a_note_on_the_incident_about_the_same_service(
    hub: Hub, clock: HandClock, client: HubClient
) -> None:
    alarms = BurnAlarms(hub.clock, hub.services, hub.book, hub.incidents, hub.policy)
    await set_web(hub, "ok")
    clock.turn(days=1)
    await set_web(hub, "critical")
    await until(lambda: len(hub.book) == 1, "the check opened an incident")
    clock.turn(minutes=2)
    await alarms.look()
    await alarms.look()
    [incident] = await client.call("incident.list")
    notes = [entry["text"] for entry in incident["timeline"] if entry["what"] == "note"]
    assert len(notes) == 1
    assert notes[0].startswith("shop: the error budget of shop burns too quickly (page): 400.0 times as quickly")


async def test_a_budget_that_burns_without_an_incident_opens_one_and_resolves_it(
    hub: Hub, clock: HandClock, client: HubClient
) -> None:
    alarms = BurnAlarms(hub.clock, hub.services, hub.book, hub.incidents, hub.policy)
    await set_web(hub, "ok")
    clock.turn(days=1)
    await set_web(hub, "critical")
    await until(lambda: len(hub.book) == 1, "the check opened an incident")
    clock.turn(minutes=2)
    await client.call("incident.resolve", number=1, text="ignored")
    await until(lambda: len(hub.book) == 0, "it is resolved")
    await alarms.look()
    await alarms.look()
    [incident] = [one for one in await client.call("incident.list") if one["state"] == "new"]
    assert (incident["title"], incident["impact"], incident["urgency"]) == (
        "shop: the error budget of shop burns too quickly",
        1,
        1,
    )
    assert incident["services"] == ["shop"]
    await set_web(hub, "ok")
    clock.turn(days=5)
    await alarms.look()
    clock.turn(minutes=16)
    await alarms.look()
    found = await client.call("incident.show", number=incident["number"])
    assert (found["state"], found["resolved_at"]) == ("resolved", clock.now())
    assert found["resolved_at"] - found["opened_at"] > timedelta(days=4)
