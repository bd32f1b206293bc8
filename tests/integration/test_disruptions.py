"""Planned work on a service: its stakeholders are told ahead, and agree or object."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cmdb.hub.client import HubClient, HubRefusal
from cmdb.hub.disruptions import Disruptions
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.stakeholder import tell_stakeholder
from tests.support.hub import HandClock, check, ci, client_of, hub_at, put, until
from tests.support.receivers import Mailbox, mail_server

SHOP = """
[[service]]
name = "shop"
[[service.component]]
name = "web"
select = "class=endpoint name~web"
[service.sla]
target = "99%"
stakeholders = ["leo@example.org"]
"""
pytestmark = pytest.mark.slow  # loading the notification library takes over a second


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    (tmp_path / "services.d").mkdir()
    (tmp_path / "services.d" / "shop.toml").write_text(SHOP)
    async with hub_at(tmp_path, clock=HandClock()) as hub:
        await put(hub, ci("web-1"), check("web-1"), ci("db-1"))
        await until(lambda: hub.services.state_of("shop") == "up", "shop is up")
        yield hub


@pytest.fixture
async def client(hub: Hub) -> AsyncIterator[HubClient]:
    async with await client_of(hub) as client:
        await client.call("hub.act_as", actor="mia")
        yield client


async def test_stakeholders_are_told_of_planned_work_once_and_answer(
    hub: Hub, client: HubClient, mailbox: Mailbox
) -> None:
    server = f"mailto://127.0.0.1:{mailbox.port}/?from=hub@example.org"
    tell = functools.partial(tell_stakeholder, hub.locations, server)
    disruptions = Disruptions(hub.ledger, hub.clock, hub.services, hub.maintenance, tell)
    start = hub.clock.now() + timedelta(days=2)
    given = {"start": start, "end": start + timedelta(hours=2)}
    await client.call("maintenance.add", select="name=db-1", title="Nobody's", **given)
    window = await client.call("maintenance.add", select="name~web", title="New certificates", **given)
    await disruptions.look()
    await disruptions.look()
    [mail] = mailbox.mail
    assert mail["To"] == "leo@example.org"
    assert mail["Subject"] == "Planned work on shop: 2026-03-04T12:00:00Z to 2026-03-04T14:00:00Z"
    text = mail.get_body(("plain",))
    assert text is not None
    assert "New certificates, planned by mia." in text.get_content()

    shown = await client.call("maintenance.show", id=window["id"])
    [asked] = shown["asked"]
    assert (asked["who"], asked["agreement"], asked["consent"]) == ("leo@example.org", "shop", None)
    assert "taken by" in asked["receipt"]
    await client.call("maintenance.consent", id=window["id"], who="leo@example.org", agrees=False, text="Sale that day")
    [asked] = (await client.call("maintenance.show", id=window["id"]))["asked"]
    assert (asked["consent"]["agrees"], asked["consent"]["text"]) == (False, "Sale that day")
    await client.call("maintenance.consent", id=window["id"], who="leo@example.org", agrees=True)
    [asked] = (await client.call("maintenance.show", id=window["id"]))["asked"]
    assert asked["consent"]["agrees"]
    with pytest.raises(HubRefusal, match="is not asked") as refused:
        await client.call("maintenance.consent", id=window["id"], who="nobody", agrees=True)
    assert refused.value.failure.code is Code.USAGE
