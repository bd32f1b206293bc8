"""Agreements through the hub's socket: ahead, missing, what if, negotiated, reviewed, as OpenSLO."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cmdb.hub.client import HubClient, HubRefusal
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.model.service_review import ServiceReview
from cmdb.practices.review import digest_of
from cmdb.practices.review_report import review_report
from cmdb.report.plain import as_text
from tests.support.hub import HandClock, check, ci, put
from tests.support.shop import set_web

SHOP = """
[[service]]
name = "shop"
owner = "mia"
hours = "Mon-Fri 09:00-17:00"
[[service.component]]
name = "web"
select = "class=endpoint name~web"
[service.sla]
period = "month"
target = "99%"
penalty = 500
cost = 300
value = 4000
stakeholders = ["leo@example.org"]
"""
EXAMPLES = Path(__file__).parents[1] / "recorded" / "openslo"


@pytest.fixture
def files() -> Mapping[str, str]:
    return {"services.d/shop.toml": SHOP}


@pytest.fixture
def actor() -> str:
    return "mia"


async def month_with_an_outage(hub: Hub, clock: HandClock) -> None:
    """Two hours down on Tuesday 3 March, then well until Wednesday 1 April."""
    await set_web(hub, "ok")
    clock.turn(days=1)
    await set_web(hub, "critical")
    clock.turn(hours=2)
    await set_web(hub, "ok")
    clock.turn(days=29, hours=-2)


async def test_a_review_freezes_its_evidence_and_opens_actions(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await month_with_an_outage(hub, clock)
    made = msgspec.convert(await client.call("sla.review", period="last-month", name="shop"), ServiceReview)
    [shop] = made.agreements
    assert (shop.down_s, shop.kept, shop.penalty, shop.cost) == (7200, False, 500, 300)
    assert shop.agreed_s == 22 * 8 * 3600  # working days in March
    assert shop.unknown_s == pytest.approx(3 * 3600)  # on the first of them, nobody looked before noon
    assert shop.changed_at == ()
    [outage] = shop.outages
    assert (outage.cause, outage.counted_s) == ("web: web-1 down", 7200)
    assert [(action.owner, action.agreement) for action in made.actions] == [("mia", "shop"), ("mia", "shop")]
    [listed] = await client.call("sla.reviews")
    assert (listed["breached"], listed["open_actions"], listed["made_by"]) == (1, 2, "mia")
    kept = msgspec.convert(await client.call("sla.reviewed", name=made.id), ServiceReview)
    assert kept.agreements == made.agreements
    assert digest_of(kept) == kept.digest


async def test_actions_are_done_by_somebody_and_the_evidence_stays(
    hub: Hub, client: HubClient, clock: HandClock
) -> None:
    await month_with_an_outage(hub, clock)
    made = await client.call("sla.review", period="last-month", name="shop")
    first, second = await client.call("sla.actions")
    assert first["id"] == f"{made['digest'][:8]}-1"
    assert (first["owner"], first["due_on"], first["overdue"]) == ("mia", "2026-04-15", False)
    done = await client.call("sla.action", id=first["id"], done=True)
    assert (done["done"], done["done_by"], done["done_at"]) == (True, "mia", clock.now())
    await client.call("sla.action", id=second["id"], owner="leo", due_on="2026-04-02")
    await client.call("sla.action", id=made["id"], text="Talk to sales", owner="ada", due_on="2026-05-01")
    clock.turn(days=2)
    rows = await client.call("sla.actions")
    assert [(row["owner"], row["overdue"]) for row in rows] == [("leo", True), ("ada", False)]
    assert len(await client.call("sla.actions", all=True)) == 3
    kept = msgspec.convert(await client.call("sla.reviewed", name=made["digest"][:8]), ServiceReview)
    assert digest_of(kept) == made["digest"]
    assert "done 2026-04-01 by mia" in as_text(review_report(kept))
    with pytest.raises(HubRefusal) as refused:
        await client.call("sla.action", id=f"{made['digest'][:8]}-9", done=True)
    assert refused.value.failure.code is Code.NOT_FOUND
    with pytest.raises(HubRefusal, match="needs a text, an owner and a due date"):
        await client.call("sla.action", id=made["digest"][:8], text="Something")


async def test_a_report_reads_on_a_terminal(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await month_with_an_outage(hub, clock)
    text = as_text(review_report(msgspec.convert(await client.call("report.sla"), ServiceReview)))
    assert "Service levels, March 2026" in text
    assert "What the breaches cost: 500 EUR (shop)." in text
    assert "web: web-1 down" in text
    assert await client.call("sla.reviews") == []


async def test_a_period_that_nobody_understands_is_refused(client: HubClient) -> None:
    with pytest.raises(HubRefusal, match="fortnight") as refused:
        await client.call("report.sla", period="fortnight")
    assert refused.value.failure.code is Code.USAGE


async def test_what_if_replays_other_terms(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await month_with_an_outage(hub, clock)
    found: dict[str, Any] = await client.call("sla.whatif", name="shop", terms={"target": "95%"}, months=1)
    assert [month["kept"] for month in found["now"]["months"]] == [False]
    assert [month["kept"] for month in found["then"]["months"]] == [True]
    assert found["then"]["line"] == "1 of the last 1 months would have kept it; all of them: 98 %"
    with pytest.raises(HubRefusal, match="not an availability") as refused:
        await client.call("sla.whatif", name="shop", terms={"target": "500%"})
    assert refused.value.failure.code is Code.USAGE


async def test_a_forecast_comes_with_its_evidence(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await set_web(hub, "ok")
    clock.turn(hours=1)
    await set_web(hub, "critical")
    clock.turn(minutes=10)
    found = {row["agreement"]: row for row in await client.call("sla.forecast")}
    assert found["shop"]["status"] == "at_risk"
    assert found["shop"]["breach_at"] > clock.now()
    assert len(found["shop"]["evidence"]) == 4
    assert found["this-host"]["breach_at"] is None


async def test_a_breach_leads_back_to_what_made_it(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await set_web(hub, "ok")
    clock.turn(days=1)
    await put(hub, ci("web-1", attributes={"version": "2.0"}))
    clock.turn(minutes=1)
    await set_web(hub, "critical")
    clock.turn(hours=2)
    await set_web(hub, "ok")
    found = await client.call("sla.causes", name="shop")
    assert (found["kept"], found["down_s"]) == (False, 7200)
    [cause] = found["causes"]
    assert (cause["cause"], cause["share"], cause["outages"]) == ("web: web-1 down", 1.0, 1)
    [incident] = cause["incidents"]
    assert incident["number"] == 1
    assert any("version" in one["what"] for one in incident["suspects"])


async def test_lint_names_what_an_agreement_lacks(client: HubClient) -> None:
    gaps = await client.call("sla.lint", name="shop")
    assert [gap["what"] for gap in gaps] == ["method", "exclusions", "consequences", "respond", "resolve", "review_on"]


async def test_a_revision_is_negotiated_and_outlives_the_file(hub: Hub, client: HubClient) -> None:
    draft = await client.call("sla.revise", name="shop", terms={"target": "99.5%", "cost": 450})
    assert (draft["id"], draft["state"], draft["target"]) == ("shop@2", "draft", 0.995)
    await client.call("sla.propose", name="shop@2")
    await client.call("sla.counter", name="shop@2", terms={"penalty": 800})
    diff = await client.call("sla.diff", name="shop@2")
    assert [(one["term"], one["after"]) for one in diff["terms"]] == [
        ("cost", 450),
        ("penalty", 800),
        ("target", 0.995),
    ]
    assert diff["feasibility"] == "nothing was recorded yet: nobody knows"
    assert (await client.call("sla.sign", name="shop@2", side="provider"))["state"] == "countered"
    with pytest.raises(HubRefusal, match="signed by the provider already") as refused:
        await client.call("sla.sign", name="shop@2", side="provider")
    assert refused.value.failure.code is Code.CONFLICT
    signed = await client.call("sla.sign", name="shop@2", side="customer", who="leo")
    assert (signed["id"], signed["state"]) == ("shop", "signed")
    assert [one["who"] for one in signed["signatures"]] == ["mia", "leo"]
    states = [(one["id"], one["state"]) for one in await client.call("sla.revisions", name="shop")]
    assert states == [("shop@1", "superseded"), ("shop", "signed")]
    await client.call("config.reload")
    [row] = await client.call("sla.list", filter="name=shop")
    assert row["target"] == 0.995


async def test_openslo_becomes_a_file_and_agreements_become_openslo(hub: Hub, client: HubClient) -> None:
    text = (EXAMPLES / "ratio-timeslices.yaml").read_text()
    preview = await client.call("sla.import", text=text, name="main page", dry_run=True)
    assert preview["agreements"] == ["main-page"]
    assert not (hub.locations.services_dir / preview["file"]).exists()
    await client.call("sla.import", text=text, name="main page")
    assert {row["name"] for row in await client.call("sla.list")} == {"shop", "this-host", "main-page"}
    back = await client.call("sla.export", name="main-page")
    assert "budgetingMethod: RatioTimeslices" in back["text"]
    again = await client.call("sla.import", text=back["text"], name="main page", dry_run=True)
    assert (again["agreements"], again["refused"]) == (["main-page"], [])


async def test_an_import_that_collides_is_taken_back(hub: Hub, client: HubClient) -> None:
    text = (EXAMPLES / "ratio-timeslices.yaml").read_text().replace("name: main-page", "name: shop")
    with pytest.raises(HubRefusal, match="declared already") as refused:
        await client.call("sla.import", text=text, name="x")
    assert refused.value.failure.code is Code.CONFLICT
    assert [path.name for path in hub.locations.services_dir.iterdir()] == ["shop.toml"]


async def test_the_portfolio_weighs_value_against_cost(hub: Hub, client: HubClient, clock: HandClock) -> None:
    await put(hub, ci("h1", "host"), ci("cpu", "cpu", host="h1", attributes={"threads": 4}))
    await put(hub, ci("ram", "memory", host="h1", attributes={"size_bytes": 8e9}), ci("web-1", host="h1"))
    await put(hub, check("h1", "load", metrics=({"name": "load15_per_cpu", "value": 0.25},)))
    await month_with_an_outage(hub, clock)
    await put(hub, ci("web-1", host="h1"))
    [shop, host] = await client.call("sla.portfolio")
    assert shop["kwh_a_month"] == pytest.approx((4 * (0.74 + 0.25 * 2.76) + 8 * 0.392) * 0.73, abs=0.01)
    assert (shop["kept"], shop["months"], shop["cost_per_nine"]) == (0, 1, pytest.approx(150))
    assert shop["value_per_cost"] == pytest.approx(4000 / 300)
    assert shop["checks_an_hour"] == 12
    assert (host["cost"], host["value_per_cost"]) == (None, None)


async def test_the_catalogue_is_published_version_by_version(hub: Hub, client: HubClient, clock: HandClock) -> None:
    [shop, host] = await client.call("catalogue.show")
    assert (host["kind"], shop["kind"], shop["owner"]) == ("technical", "business", "mia")
    assert [(one["name"], one["target"], one["hours"]) for one in shop["offerings"]] == [
        ("shop", 0.99, "Mon-Fri 09:00-17:00")
    ]
    assert (await client.call("catalogue.publish", note="first"))["number"] == 1
    with pytest.raises(HubRefusal, match="version 1 says the same") as refused:
        await client.call("catalogue.publish")
    assert refused.value.failure.code is Code.CONFLICT
    file = hub.locations.services_dir / "shop.toml"
    file.write_text(SHOP.replace('"99%"', '"99.5%"').replace('"mia"', '"leo"'))
    await client.call("config.reload")
    assert await client.call("catalogue.diff") == [
        {"service": "shop", "what": "owner", "before": "mia", "after": "leo"},
        {"service": "shop", "what": "shop.target", "before": 0.99, "after": 0.995},
    ]
    assert (await client.call("catalogue.publish"))["number"] == 2
    assert (await client.call("catalogue.retire", number=1))["retired_by"] == "mia"
    assert [(row["number"], row["retired_at"]) for row in await client.call("catalogue.list")] == [
        (2, None),
        (1, clock.now()),
    ]
    assert (await client.call("catalogue.show", number=1))[0]["owner"] == "mia"
    assert await client.call("catalogue.diff", before=2) == []


async def test_a_service_that_is_new_or_gone_is_one_difference(hub: Hub, client: HubClient) -> None:
    await client.call("catalogue.publish")
    (hub.locations.services_dir / "shop.toml").unlink()
    await client.call("config.reload")
    assert await client.call("catalogue.diff") == [{"service": "shop", "what": "", "before": True, "after": False}]
