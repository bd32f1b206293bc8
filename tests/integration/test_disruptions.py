"""Planned work on a service: its stakeholders are told ahead, and agree or object."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from cmdb.hub.client import HubClient, HubRefusal
from cmdb.hub.disruptions import Disruptions
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.stakeholder import tell_stakeholder
from tests.support.hub import check, ci, put, until
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
def files() -> Mapping[str, str]:
    return {"services.d/shop.toml": SHOP}


@pytest.fixture
async def hub(hub: Hub) -> Hub:
    await put(hub, ci("web-1"), check("web-1"), ci("db-1"))
    await until(lambda: hub.services.state_of("shop") == "up", "shop is up")
    return hub


@pytest.fixture
def actor() -> str:
    return "mia"


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
    assert "accepted by" in asked["receipt"]
    await client.call("maintenance.consent", id=window["id"], who="leo@example.org", agrees=False, text="Sale that day")
    [asked] = (await client.call("maintenance.show", id=window["id"]))["asked"]
    assert (asked["consent"]["agrees"], asked["consent"]["text"]) == (False, "Sale that day")
    await client.call("maintenance.consent", id=window["id"], who="leo@example.org", agrees=True)
    [asked] = (await client.call("maintenance.show", id=window["id"]))["asked"]
    assert asked["consent"]["agrees"]
    with pytest.raises(HubRefusal, match="is not asked") as refused:
        await client.call("maintenance.consent", id=window["id"], who="nobody", agrees=True)
    assert refused.value.failure.code is Code.USAGE
