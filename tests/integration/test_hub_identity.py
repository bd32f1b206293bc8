"""What people ask and decide about items, at a real hub's socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cmdb.hub.client import HubRefusal
from cmdb.hub.ingest import Refused
from cmdb.hub.protocol import Code
from cmdb.model.kind import Kind
from tests.support.hub import HandClock, ci, client_of, hub_at, put, relation, until
from tests.support.site import Site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    clock = HandClock()
    async with hub_at(tmp_path, clock=clock) as hub, await client_of(hub) as client:
        yield Site(hub, client, clock)


async def _doubtful(site: Site) -> str:
    """A machine with the keys of one that fell silent, and other cards and another name."""
    await site.report("a", "web-1")
    with pytest.raises(Refused):
        await site.report("b", "web-2", macs=["00:1b:21:bb:bb:bb"])
    (review,) = await site.client.call("ci.review")
    assert "other network cards and another name" in review["question"]
    return str(review["id"])


async def test_why_says_which_keys_were_compared_and_which_rule_fired(site: Site) -> None:
    await site.report("a", "web-1")
    await site.report("b", "web-1", machine_id="0b" * 16)
    newest, oldest = await site.client.call("ci.why", id="web-1")
    assert (newest["rule"], newest["events"]) == ("system UUID", ["reinstalled"])
    assert "agree: dmi_uuid, macs, name" in newest["sentences"][2]
    assert oldest["outcome"] == "new"


async def test_a_review_that_is_pinned_to_a_ci_is_taken_from_then_on(site: Site) -> None:
    review = await _doubtful(site)
    (host,) = await site.client.call("ci.list", **{"class": "host"})
    await site.client.call("ci.pin", review=review, id=host["id"])
    await site.report("b", "web-2", macs=["00:1b:21:bb:bb:bb"])
    assert await site.hosts() == ["web-2"]
    assert await site.client.call("ci.review") == []


async def test_a_review_may_be_of_a_new_ci_and_both_go_on(site: Site) -> None:
    review = await _doubtful(site)
    await site.client.call("ci.pin", review=review)
    await site.report("b", "web-2", macs=["00:1b:21:bb:bb:bb"])
    await site.report("a", "web-1")
    assert await site.hosts() == ["web-1", "web-2"]


async def test_a_review_is_settled_once(site: Site) -> None:
    review = await _doubtful(site)
    await site.client.call("ci.pin", review=review)
    with pytest.raises(HubRefusal) as refused:
        await site.client.call("ci.pin", review=review)
    assert refused.value.failure.code is Code.CONFLICT


async def test_what_was_retired_by_mistake_is_in_use_again_when_it_is_still_reported(site: Site) -> None:
    await site.report("a", "web-1")
    (disk,) = await site.client.call("ci.list", **{"class": "disk"})
    await site.client.call("ci.retire", id=disk["id"])
    await site.report("a", "web-1")
    assert (await site.client.call("ci.show", id=disk["id"]))["status"] == "in_use"


async def test_a_merge_makes_one_of_two_and_can_be_undone(site: Site) -> None:
    other: dict[str, Any] = {"dmi_uuid": "9d1c3b52-7a11-4f0e-8c55-0123456789aa", "machine_id": "0b" * 16, "macs": []}
    await site.report("a", "web-1")
    await site.report("b", "web-2", **other)
    rack = ci("rack-1", "site")
    (_, second) = sorted(await site.client.call("ci.list", **{"class": "host"}), key=lambda row: str(row["name"]))
    await put(site.hub, rack, relation(second["id"], "located_at", "rack-1"))
    before = await site.hub.store.find(Kind.CI)
    site.clock.turn(hours=1)
    kept = await site.client.call("ci.merge", id="web-1", other="web-2")
    assert await site.hosts() == ["web-1"]
    located = await site.hub.store.find(Kind.RELATION, {"target": "rack-1"})
    assert [one["source"] for one in located] == [kept["id"]]
    await site.report("b", "web-2", **other)
    assert await site.hosts() == ["web-2"]  # one machine, by its last report

    site.clock.turn(hours=1)
    await site.client.call("ci.unmerge", id=kept["id"])
    assert {one["id"] for one in await site.hub.store.find(Kind.CI)} == {one["id"] for one in before}
    await until(lambda: site.hub.census.cis == len(before), "the hub has taken the two again")
    await site.report("b", "web-2", **other)
    await site.report("a", "web-1")
    assert await site.hosts() == ["web-1", "web-2"]
    with pytest.raises(HubRefusal, match="nothing was merged"):
        await site.client.call("ci.unmerge", id=kept["id"])


async def test_impact_reaches_by_relations_and_names_services_and_ways(site: Site) -> None:
    await put(
        site.hub,
        ci("db-host", "host", host="db-host"),
        ci("pg", "software", host="db-host"),
        ci("app", "software", host="app-host"),
        relation("app", "depends_on", "pg"),
    )
    await until(lambda: len(site.hub.topology.graph) == 3, "the graph has the relations")
    answer = await site.client.call("ci.impact", id="db-host")
    assert [(node["name"], node["distance"], node["via"]) for node in answer["nodes"]] == [
        ("pg", 1, "db-host"),
        ("app", 2, "pg"),
    ]
    assert (await site.client.call("ci.impact", id="db-host", depth=1))["nodes"] == answer["nodes"][:1]
    stood_on = await site.client.call("ci.depends", id="app")
    assert [node["name"] for node in stood_on["nodes"]] == ["app-host", "pg", "db-host"]
    with pytest.raises(HubRefusal) as refused:
        await site.client.call("ci.impact", id="nobody")
    assert refused.value.failure.code is Code.NOT_FOUND


async def test_what_a_person_sets_wins_and_drift_shows(site: Site) -> None:
    await put(site.hub, ci("web-1", "host", host="web-1", attributes={"site": "muc", "product": "R640"}))
    await site.client.call("ci.set", id="web-1", values={"site": "ber", "owner": "mia"}, text="moved")
    shown = await site.client.call("ci.show", id="web-1")
    assert (shown["attributes"]["site"], shown["attributes"]["owner"]) == ("ber", "mia")
    assert shown["drift"] == [{"attribute": "site", "set": "ber", "observed": "muc"}]
    assert [row["name"] for row in await site.client.call("ci.list", filter="site=ber owner=mia")] == ["web-1"]
    await site.client.call("ci.set", id="web-1", values={"site": None})
    assert (await site.client.call("ci.show", id="web-1"))["attributes"]["site"] == "muc"


async def test_a_list_is_filtered_by_the_host_that_its_rows_live_on(site: Site) -> None:
    await put(
        site.hub,
        ci("web-1", "host", host="web-1", attributes={"site": "ber"}),
        ci("db-1", "host", host="db-1", attributes={"site": "muc"}),
        ci("a", "package", host="web-1"),
        ci("b", "package", host="db-1"),
    )
    for filter_ in ("class=package host.site=ber", "class=package host=web-1"):
        assert [row["name"] for row in await site.client.call("ci.list", filter=filter_)] == ["a"]
    (row,) = await site.client.call("ci.list", filter="host.site=muc", **{"class": "package"})
    assert row["name"] == "b"


async def test_a_retired_host_takes_what_is_on_it_along(site: Site) -> None:
    await put(site.hub, ci("web-1", "host", host="web-1"), ci("a", "package", host="web-1"))
    await site.client.call("ci.retire", id="web-1", text="sold")
    assert await site.client.call("ci.list") == []
    assert {row["status"] for row in await site.client.call("ci.list", all=True)} == {"retired"}


async def test_a_retired_host_that_reports_as_ever_is_in_use_again(site: Site) -> None:
    """Case 27."""
    await site.report("a", "web-1")
    await site.client.call("ci.retire", id="web-1")
    await site.report("a", "web-1")
    assert await site.hosts() == ["web-1"]
    assert (await site.client.call("ci.why", id="web-1"))[0]["events"] == ["reactivated"]
