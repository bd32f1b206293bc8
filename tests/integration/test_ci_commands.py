"""What people read when they decide about items at the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cmdb.hub.ingest import Refused
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from console.errors import CommandError
from console.exit_codes import Exit
from tests.support.hub import HandClock, ci, client_of, hub_at, put, relation
from tests.support.site import Site
from tests.support.typed import Typed, typed_on

OTHER: dict[str, Any] = {"dmi_uuid": "9d1c3b52-7a11-4f0e-8c55-0123456789aa", "machine_id": "0b" * 16, "macs": []}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    clock = HandClock()
    async with hub_at(tmp_path, clock=clock) as hub, await client_of(hub) as client:
        yield Site(hub, client, clock)


@pytest.fixture
def typed(site: Site, capsys: pytest.CaptureFixture[str]) -> Typed:
    return typed_on(site.hub, capsys)


async def test_a_question_of_identity_is_read_and_settled(site: Site, typed: Typed) -> None:
    assert await typed("ci", "review") == "no open questions\n"
    await site.report("a", "web-1")
    with pytest.raises(Refused):
        await site.report("b", "web-2", macs=["00:1b:21:bb:bb:bb"])
    told = await typed("ci", "review")
    (review,) = await site.client.call("ci.review")
    assert "other network cards and another name" in told
    assert f"pin {review['proposed_ci']}" in told
    assert (
        await typed("ci", "pin", review["id"], "web-1") == f"reports like this are of web-1 ({review['proposed_ci']})\n"
    )
    assert await typed("ci", "review") == "no open questions\n"
    assert review["id"] in await typed("ci", "review", "--all")


async def test_two_that_are_one_are_merged_and_taken_apart_again(site: Site, typed: Typed) -> None:
    await site.report("a", "web-1")
    await site.report("b", "web-2", **OTHER)
    site.clock.turn(hours=1)
    told = await typed("ci", "merge", "web-1", "web-2")
    (kept,) = await site.client.call("ci.list", **{"class": "host"})
    assert told == f"merged into web-1 ({kept['id']}); undo: watchdeck ci unmerge {kept['id']}\n"
    assert "merge" in await typed("ci", "why", "web-1")
    site.clock.turn(hours=1)
    assert await typed("ci", "unmerge", kept["id"]) == f"web-1 ({kept['id']}) is as it was\n"
    assert await site.hosts() == ["web-1", "web-2"]


async def test_what_is_set_by_hand_wins_and_is_told(site: Site, typed: Typed) -> None:
    await site.report("a", "web-1")
    assert await typed("ci", "set", "web-1", "site=Zurich", "rack=7", "-m", "moved") == "web-1: rack=7, site=Zurich\n"
    assert await typed("ci", "set", "web-1", "site=", "rack=") == "web-1: nothing is set by hand\n"
    assert await typed("ci", "retire", "web-1", "-m", "sold") == "web-1 is retired\n"
    assert '"status":"retired"' in (await typed("ci", "show", "web-1", "--json")).replace(": ", ":").replace(" ", "")
    with pytest.raises(CommandError) as refused:
        await typed("ci", "retire", "web-9")
    assert refused.value.status is Exit.NOT_FOUND


async def test_a_redundancy_group_is_made_seen_and_taken_apart(site: Site, typed: Typed) -> None:
    names = ("lb", "web-1", "web-2", "web-3")
    await put(site.hub, *(ci(name, "software") for name in names), relation("lb", "depends_on", "web-1"))
    assert "lb" in await typed("ci", "impact", "web-1")
    assert await typed("ci", "group", "add", "lb", "backends", "web-1", "web-2") == (
        "lb needs 1 of 2 in backends: web-1, web-2\n"
    )
    assert await typed("ci", "group", "add", "lb", "backends", "web-3", "--needed", "2") == (
        "lb needs 2 of 3 in backends: web-1, web-2, web-3\n"
    )
    assert await typed("ci", "impact", "web-1") == "held up by redundancy: lb\nservices: none\n"
    listed = await typed("ci", "group", "list", "--of", "lb")
    assert "2 of 3" in listed
    with pytest.raises(CommandError, match="only 1 would be left") as refused:
        await typed("ci", "group", "remove", "lb", "backends", "web-2", "web-3")
    assert refused.value.status is Exit.USAGE
    assert await typed("ci", "group", "add", "lb", "backends", "--needed", "1") == (
        "lb needs 1 of 3 in backends: web-1, web-2, web-3\n"
    )
    await typed("ci", "group", "add", "lb", "backends", "--needed", "2")
    assert await typed("ci", "group", "remove", "lb", "backends", "web-3") == (
        "lb needs 2 of 2 in backends: web-1, web-2\n"
    )
    assert await typed("ci", "group", "remove", "lb", "backends") == "lb has no group backends any more\n"
    assert await typed("ci", "group", "list") == "no redundancy groups\n"
    assert "lb" in await typed("ci", "impact", "web-1")  # that was observed, and stays
    assert "nothing" in await typed("ci", "impact", "web-2")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("lb", "g", "web-1"), "would have 1 of 2 to 256 members"),
        (("lb", "g", "web-1", "lb"), "cannot stand in for what it depends on itself"),
        (("lb", "g", "web-1", "web-2", "--needed", "3"), "needs 3 of 2"),
        (("lb", "g", "web-1", "web-9"), "web-9"),
    ],
)
async def test_a_group_that_makes_no_sense_is_refused(
    site: Site, typed: Typed, words: tuple[str, ...], why: str
) -> None:
    await put(site.hub, *(ci(name, "software") for name in ("lb", "web-1", "web-2")))
    with pytest.raises(CommandError, match=why):
        await typed("ci", "group", "add", *words)


async def test_approved_states_are_set_and_drift_is_read(site: Site, typed: Typed) -> None:
    await put(site.hub, *(_web(number) for number in (1, 2, 3)))
    told = await typed("baseline", "set", "--filter", "name=web*", "--name", "webs", "-m", "as delivered")
    assert [line.split()[:3] for line in told.splitlines()[1:]] == [["webs", f"web-{n}", "0"] for n in (1, 2, 3)]
    assert await typed("baseline", "drift") == "everything is as it was approved\n"
    known = await site.hub.store.get(Kind.CI, "web-2")
    assert known is not None
    await put(site.hub, _web(2, product="R750", version=known["version"]))
    drift = await typed("baseline", "drift", "webs")
    assert all(word in drift for word in ("web-2", "product", "R640", "R750", "changed"))
    assert "web-2" in await typed("baseline", "odd", "name=web*")
    assert "1 let be" in await typed("baseline", "ignore", "web-2", "host/host", "product", "-m", "CHG-7")
    assert "CHG-7" in await typed("baseline", "drift", "--all")
    assert await typed("baseline", "accept", "web-2", "host/host", "product") == (
        "web-2: approved; 0 drifted, 0 let be\n"
    )
    assert await typed("baseline", "remove", "web-2") == "web-2: removed\n"
    assert "web-2" not in await typed("baseline", "list")


def _web(number: int, product: str = "R640", version: int = 0) -> ConfigurationItem:
    name = f"web-{number}"
    return ci(name, "host", host=name, key="host", attributes={"product": product}, version=version)
