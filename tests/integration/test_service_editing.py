"""Services and agreements edited through the hub: shown as a difference, written into their files, taken up at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cmdb.hub.client import HubClient, HubRefusal
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from tests.support.hub import HandClock, check, ci, put, until

SHOP = """\
# The shop, as agreed with sales.
[[service]]
name = "shop"
owner = "mia"  # since May

[[service.component]]
name = "web"
select = "class=endpoint name~web"

[service.sla]
target = "99%"
"""


@pytest.fixture
def files() -> Mapping[str, str]:
    return {"services.d/shop.toml": SHOP}


@pytest.fixture
def actor() -> str:
    return "mia"


def file_of(hub: Hub, name: str = "shop.toml") -> Path:
    return hub.locations.services_dir / name


async def test_an_edit_is_shown_before_it_is_written_with_its_comments_kept(hub: Hub, client: HubClient) -> None:
    planned = await client.call("service.set", name="shop", terms={"owner": "leo"}, dry_run=True)
    lines = [line for line in planned["diff"].splitlines() if line[:2] in {"-o", "+o"}]
    assert lines == ['-owner = "mia"  # since May', '+owner = "leo"  # since May']
    assert (planned["written"], file_of(hub).read_text()) == (False, SHOP)
    done = await client.call("service.set", name="shop", terms={"owner": "leo"}, expected=planned["digest"])
    assert done["written"]
    assert file_of(hub).read_text() == SHOP.replace('"mia"', '"leo"')
    assert (await client.call("service.show", name="shop"))["owner"] == "leo"
    rows = await client.call("audit.list")
    assert any(row["actor"] == "mia" and row["reason"] == "services.d edited" for row in rows)


async def test_what_somebody_else_changed_meanwhile_is_left_alone(hub: Hub, client: HubClient) -> None:
    planned = await client.call("service.set", name="shop", terms={"owner": "leo"}, dry_run=True)
    file_of(hub).write_text(SHOP.replace("since May", "since June"))
    with pytest.raises(HubRefusal, match="changed meanwhile") as refused:
        await client.call("service.set", name="shop", terms={"owner": "leo"}, expected=planned["digest"])
    assert refused.value.failure.code is Code.CONFLICT
    assert "since June" in file_of(hub).read_text()


async def test_an_edit_that_would_not_load_is_refused_with_its_key(hub: Hub, client: HubClient) -> None:
    for terms in ({"criticality": 9}, {"hours": "sometimes"}, {"colour": "red"}, {"component.web.select": "class="}):
        with pytest.raises(HubRefusal, match=r"shop\.toml") as refused:
            await client.call("service.set", name="shop", terms=terms)
        assert refused.value.failure.code is Code.USAGE
    assert file_of(hub).read_text() == SHOP


async def test_a_service_lives_from_the_pipeline_to_its_retirement(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    terms = {"stage": "pipeline", "customers": ["sales"], "component.smtp.select": "class=endpoint name=smtp"}
    assert (await client.call("service.add", name="mail", terms=terms))["file"] == "mail.toml"
    await client.call("sla.add", name="mail-gold", terms={"service": "mail", "target": "99.9%"})
    assert "mail-gold" in file_of(hub, "mail.toml").read_text()
    await put(hub, ci("smtp", "endpoint"), check("smtp", state="ok"))
    await until(lambda: hub.services.state_of("mail") == "up", "mail is measured")
    assert "mail" not in [entry["name"] for entry in await client.call("catalogue.show")]
    published = await client.call("service.publish", name="mail", note="mail for all")
    assert (published["version"]["number"], published["version"]["note"]) == (1, "mail for all")
    [entry] = [one for one in await client.call("catalogue.show", number=1) if one["name"] == "mail"]
    assert [one["name"] for one in entry["offerings"]] == ["mail-gold"]

    clock.turn(hours=1)
    await client.call("service.retire", name="mail")
    assert "mail" not in [row["name"] for row in await client.call("service.list")]
    [row] = await client.call("service.list", all=True, filter="name=mail")
    assert (row["stage"], row["state"], row["reasons"]) == ("retired", "unknown", ["retired"])
    assert "mail-gold" not in [row["name"] for row in await client.call("sla.list")]
    last = hub.services.records["mail"][-1]
    assert (last.state, last.end) == ("up", clock.now())
    await put(hub, check("smtp", state="critical"))
    clock.turn(hours=1)
    await client.call("service.set", name="mail", terms={"stage": "live"})
    await until(lambda: hub.services.state_of("mail") == "down", "mail is measured again")
    assert "mail-gold" in [row["name"] for row in await client.call("sla.list")]


async def test_what_is_there_is_not_added_again_and_what_no_file_declares_is_not_changed(client: HubClient) -> None:
    for verb, name, code in (
        ("service.add", "shop", Code.CONFLICT),
        ("sla.add", "shop", Code.CONFLICT),
        ("service.set", "this-host", Code.NOT_FOUND),
        ("service.retire", "nothing", Code.NOT_FOUND),
        ("sla.set", "this-host", Code.NOT_FOUND),
    ):
        with pytest.raises(HubRefusal) as refused:
            await client.call(verb, name=name)
        assert (verb, refused.value.failure.code) == (verb, code)
    with pytest.raises(HubRefusal, match="not the name of a file"):
        await client.call("service.add", name="x", file="../x.toml")


async def test_what_both_sides_signed_is_written_into_the_file(hub: Hub, client: HubClient) -> None:
    await client.call("sla.revise", name="shop", terms={"target": "99.5%", "respond": {"1": "15m"}})
    await client.call("sla.propose", name="shop@2")
    await client.call("sla.sign", name="shop@2", side="provider")
    signed = await client.call("sla.sign", name="shop@2", side="customer", who="leo")
    assert signed["file"] == "shop.toml"
    assert file_of(hub).read_text() == SHOP.replace('"99%"', '0.995\nrespond = {1 = "15m"}')
    assert await client.call("service.diff") == []
    file_of(hub).write_text(file_of(hub).read_text().replace("0.995", "0.9"))
    await client.call("config.reload")
    [difference] = await client.call("service.diff")
    assert {name: difference[name] for name in ("name", "term", "file", "record")} == {
        "name": "shop",
        "term": "target",
        "file": 0.9,
        "record": 0.995,
    }
    with pytest.raises(HubRefusal, match="signed by both sides"):
        await client.call("sla.set", name="shop", terms={"target": 0.9})


async def test_a_signed_agreement_without_a_file_gets_one(hub: Hub, client: HubClient) -> None:
    await client.call("sla.revise", name="this-host", terms={"target": "99%"})
    await client.call("sla.propose", name="this-host@2")
    for side in ("provider", "customer"):
        signed = await client.call("sla.sign", name="this-host@2", side=side)
    assert signed["file"] == "this-host.toml"
    assert await client.call("service.diff") == []


async def test_a_file_that_is_not_taken_up_is_a_difference(hub: Hub, client: HubClient) -> None:
    file_of(hub).write_text(SHOP.replace("owner", "owned"))
    [difference] = await client.call("service.diff")
    assert (difference["what"], difference["name"]) == ("file", "shop.toml")
    assert "is not a known key" in difference["why"]
