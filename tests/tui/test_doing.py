"""Silences, maintenance, overrides, undo: from a key to the hub's record and back, and why not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from cmdb.hub.hub import Hub
from cmdb.model.kind import Kind
from console.actions import Outcome
from console.screens.doing import Doer
from console.views.deeds import DEED
from console.views.forms import Form
from console.views.place import Place
from console.views.subject import subject_of
from tests.integration.test_oncall_verbs import FILE
from tests.support.hub import HandClock, ci, hub_at
from tests.tui.fleet import give, incident, small_fleet
from tests.tui.seen import Seen, console_on

pytestmark = pytest.mark.slow


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def hub(tmp_path: Path, clock: HandClock) -> AsyncIterator[Hub]:
    (tmp_path / "oncall.toml").write_text(FILE)
    async with hub_at(tmp_path, clock=clock) as hub:
        await small_fleet(hub)
        yield hub


@pytest.fixture
async def seen(tmp_path: Path, hub: Hub, clock: HandClock) -> AsyncIterator[Seen]:
    async with console_on(tmp_path, clock=clock) as seen:
        await seen.shows("INC-1", "Ack")
        yield seen


async def go(seen: Seen, words: str, *shown: str) -> None:
    await seen.type(f":{words}")
    await seen.press("enter")
    await seen.shows(*shown)


async def records(hub: Hub, kind: Kind) -> list[Mapping[str, object]]:
    return [dict(one) for one in await hub.store.find(kind)]


async def test_a_silence_shows_what_it_holds_for_before_it_begins_and_is_ended_from_its_list(
    hub: Hub, seen: Seen
) -> None:
    await seen.press("S")
    await seen.shows("Silence INC-1", "number=1", "1 open now")
    await seen.type("known since noon")
    await seen.press("enter")
    await seen.shows("INC-1: silenced")
    await go(seen, "silences", "HUSH", "known since noon")
    await seen.press("enter")
    await seen.shows("Incidents 1")
    await seen.press("x", "enter")
    await seen.shows("ended")
    [silence] = await records(hub, Kind.SILENCE)
    assert silence["end"] == silence["start"]


async def test_what_is_not_filled_in_is_said_and_esc_does_nothing(hub: Hub, seen: Seen) -> None:
    await seen.press("S")
    await seen.shows("Silence INC-1")
    await seen.press("enter")
    await seen.shows("say why")
    await seen.press("escape")
    await seen.hides("Silence INC-1")
    assert await records(hub, Kind.SILENCE) == []


async def test_several_marked_are_one_silence_once_their_number_is_typed(hub: Hub, seen: Seen) -> None:
    await give(hub, incident(2, "second", "db"))
    await go(seen, "incidents", "INC-2")
    await seen.press("space", "space", "S")
    await seen.shows("number=~1|2", "2 open now", "2 are marked")
    await seen.type("both are known")
    await seen.press("enter", "enter")
    await seen.shows("type that number")
    assert await records(hub, Kind.SILENCE) == []
    await seen.type("2")
    await seen.press("enter")
    await seen.shows("INC-1, INC-2: silenced")
    [silence] = await records(hub, Kind.SILENCE)
    assert silence["reason"] == "both are known"


async def test_several_marked_are_one_maintenance_once_their_number_is_typed(hub: Hub, seen: Seen) -> None:
    await go(seen, "hosts", "web-1.ber")
    await seen.press("space", "space", "M")
    await seen.shows("class=host name=db-1.ber,web-1.ber", "2 are marked")
    await seen.type("new rack")
    await seen.press("enter")
    await seen.type("3")
    await seen.press("enter")
    await seen.shows("type that number")
    await seen.press("backspace")
    await seen.type("2")
    await seen.press("enter")
    await seen.shows("new rack: maintenance has begun")
    assert len(await records(hub, Kind.MAINTENANCE)) == 1


async def test_all_that_match_are_marked_also_where_another_filter_hides_them_and_that_is_said(
    hub: Hub, seen: Seen
) -> None:
    await give(hub, incident(2, "second", "db"), incident(3, "third", "db"))
    await go(seen, "incidents", "INC-3")
    await seen.press("asterisk")
    await seen.shows("3 marked")
    await seen.type("/second")
    await seen.press("enter")
    await seen.shows("1/1", "3 marked, 2 not shown")
    await seen.press("a")
    await seen.shows("(not shown)", "type 3")
    await seen.type("3")
    await seen.press("enter")
    await seen.until(lambda screen: "marked" not in seen.lines[1], "what is done is no longer marked", 60)
    assert {str(one["state"]) for one in await records(hub, Kind.INCIDENT)} == {"acknowledged"}


async def test_what_is_done_to_one_is_not_done_to_the_first_of_several(seen: Seen) -> None:
    told: list[Outcome] = []
    filled: list[Form] = []
    doer = Doer(seen.console.link, lambda *_: None, told.append, lambda *_: None, filled.append)
    services = [subject_of(Place("service", name), {"name": name}) for name in ("shop", "mail")]
    doer.do(DEED["edit"], services)
    assert (filled, told) == ([], [Outcome(False, "That is done to one at a time: 2 are marked")])


async def test_maintenance_says_what_it_covers_and_u_ends_it(hub: Hub, seen: Seen) -> None:
    await go(seen, "hosts", "web-1.ber")
    await seen.press("j", "M")
    await seen.shows("Maintenance of web-1.ber", "class=host name=web-1.ber", "items")
    await seen.type("new disk")
    await seen.press("enter")
    await seen.shows("new disk: maintenance has begun")
    await go(seen, "maintenance", "new disk", "WORK")
    await seen.press("u")
    await seen.shows("Undone: Maintenance of web-1.ber", "Nothing is worked on")


async def test_u_takes_back_what_was_done_last_and_says_what(hub: Hub, seen: Seen) -> None:
    await seen.press("u")
    assert "Undone" not in seen.screen
    await seen.press("a")
    await seen.shows("INC-1 is yours", "ACK")
    await seen.press("u")
    await seen.shows("Undone: acknowledge INC-1", "NEW")
    [found] = await records(hub, Kind.INCIDENT)
    assert found["acknowledged_by"] is None


async def test_who_has_a_schedule_is_changed_for_a_while(hub: Hub, seen: Seen) -> None:
    await go(seen, "oncall", "ops", "mia")
    await seen.press("x", "enter")
    await seen.shows("Who has ops for a while")
    await seen.type("rab")
    await seen.press("enter")
    await seen.type("mia")
    await seen.press("enter", "enter")
    await seen.type("dentist")
    await seen.press("enter")
    await seen.shows("ops: rab from now on")
    await seen.press("enter", "tab", "tab")
    await seen.shows("rab instead of mia", "dentist")


@pytest.mark.parametrize("key", ["a", "S", "x"])
async def test_read_only_says_why_nothing_is_done(tmp_path: Path, hub: Hub, clock: HandClock, key: str) -> None:
    async with console_on(tmp_path, clock=clock, readonly=True) as seen:
        await seen.shows("INC-1", "read-only")
        await seen.press(key)
        await seen.shows("This console is read-only")


async def test_nothing_is_done_in_the_past_and_it_is_said_why(hub: Hub, seen: Seen, clock: HandClock) -> None:
    clock.turn(hours=1)
    await seen.press("less_than_sign")
    await seen.shows("as of", "INC-1")
    await seen.press("a")
    await seen.shows("This is the past")
    await seen.press("greater_than_sign")
    await seen.hides("as of")


async def test_a_filter_works_while_it_is_typed_and_esc_takes_it_back(hub: Hub, seen: Seen) -> None:
    await go(seen, "checks", "load 0.4", "/var 85%")
    await seen.type("/load")
    await seen.hides("/var 85%")
    await seen.press("escape")
    await seen.shows("/var 85%", "load 0.4")
    await seen.type("/load")
    await seen.press("enter")
    await seen.hides("/var 85%")
    assert "checks load" in seen.lines[1]


async def test_items_that_are_no_hosts_are_compared_by_their_names(hub: Hub, seen: Seen) -> None:
    await go(seen, "filesystems", "/var")
    await seen.press("space", "space", "d")
    await seen.shows("/var on db-1.ber against /var on web-1.ber", "host", "ext4", "xfs")
    assert "db-1.ber" in seen.line_with(" host ")


async def test_two_marked_items_are_compared_and_one_with_itself_before(hub: Hub, seen: Seen, clock: HandClock) -> None:
    await go(seen, "hosts", "web-1.ber")
    await seen.press("space", "space", "d")
    await seen.shows("db-1.ber against web-1.ber", "kernel", "6.1.0")
    clock.turn(hours=2)
    await give(hub, ci("web", "host", host="web", name="web-1.ber", attributes={"kernel": "6.2.0"}))
    await go(seen, "ci web", "known for")
    await seen.press("d")
    await seen.shows("compare web-1.ber with")
    await seen.press("ctrl+u")
    await seen.type("-1h")
    await seen.press("enter")
    await seen.shows("web-1.ber at 13:00:00 against now", "6.1.0", "6.2.0")
