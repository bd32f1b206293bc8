from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from cmdb.model.incident import Incident, TimelineEntry
from cmdb.practices.calendar import parse_calendar
from cmdb.practices.clock import Running
from cmdb.practices.incident import acknowledged, assigned, held, noted, reopened, resolved, resumed
from cmdb.practices.incident_clock import Commitment, clocks_of, timed, warned
from tests.unit.service_level_examples import utc

MONDAY_15 = utc("2026-11-16 15:00")
USUAL = Commitment(agreement="usual", hours=parse_calendar("24x7"), respond_minutes={1: 15}, resolve_minutes={1: 600})
SHOP = Commitment(
    agreement="shop",
    hours=parse_calendar("Mon-Fri 09:00-17:00"),
    respond_minutes={1: 30},
    resolve_minutes={1: 480},
    pauses=frozenset({"waiting for the user"}),
)


def opened(at: datetime = MONDAY_15) -> Incident:
    return Incident(
        id="1", number=1, title="web down", priority=1, impact=1, urgency=1, key="k", opened_at=at,
        timeline=(TimelineEntry(at=at, who="hub", what="opened"),),
    )  # fmt: skip


def dues(incident: Incident, *agreed: Commitment) -> tuple[datetime | None, datetime | None]:
    found = timed(incident, agreed, USUAL)
    return found.respond_due, found.resolve_due


def test_due_times_are_those_of_the_agreement_s_hours() -> None:
    assert dues(opened(), SHOP) == (utc("2026-11-16 15:30"), utc("2026-11-17 15:00"))
    assert dues(opened(), SHOP) != dues(opened())


def test_where_nothing_is_agreed_the_usual_times_hold() -> None:
    assert dues(opened()) == (MONDAY_15 + timedelta(minutes=15), MONDAY_15 + timedelta(hours=10))


def test_of_several_agreements_the_earliest_counts() -> None:
    gold = msgspec.structs.replace(SHOP, agreement="gold", resolve_minutes={1: 60})
    assert dues(opened(), SHOP, gold)[1] == utc("2026-11-16 16:00")


def test_a_day_on_hold_moves_the_resolve_time_and_names_who_is_waited_for() -> None:
    on_hold = held(opened(), "mia", utc("2026-11-17 10:00"), "waiting for the user: asked for a trace")
    assert dues(on_hold, SHOP)[1] is None
    [_, resolve] = clocks_of(on_hold, [SHOP], USUAL)
    assert (resolve.clock.running, resolve.clock.waits_for) == (Running.PAUSED, "the user")
    assert dues(resumed(on_hold, "mia", utc("2026-11-18 11:00")), SHOP)[1] == utc("2026-11-18 16:00")


def test_an_answer_stops_the_clock_to_respond_and_keeps_its_due_time() -> None:
    due = timed(opened(), [SHOP], USUAL)
    for answered in (
        acknowledged(due, "mia", utc("2026-11-16 15:10")),
        assigned(due, "mia", utc("2026-11-16 15:10"), "leo"),
    ):
        [respond, resolve] = clocks_of(answered, [SHOP], USUAL)
        assert (respond.clock.running, respond.clock.passed_s) == (Running.STOPPED, 600)
        assert resolve.clock.waits_for in {"mia", "leo"}
        assert dues(answered, SHOP)[0] == utc("2026-11-16 15:30")


def test_reopened_it_wants_an_answer_anew_and_the_time_to_resolve_goes_on() -> None:
    over = resolved(acknowledged(opened(), "mia", utc("2026-11-16 15:10")), "mia", utc("2026-11-16 16:00"))
    again = reopened(over, "hub", utc("2026-11-17 10:00"), "it is back")
    assert dues(again, SHOP) == (utc("2026-11-17 10:30"), utc("2026-11-17 17:00"))


def test_each_share_of_the_time_is_said_once() -> None:
    at = utc("2026-11-16 15:25")
    said = warned(opened(), [SHOP], USUAL, at)
    [_, line] = said.timeline
    assert line.text == (
        "75% of the 30 min to respond (shop) passed, due 2026-11-16T15:30:00Z; it waits for first response"
    )
    assert warned(said, [SHOP], USUAL, at + timedelta(minutes=1)) == said
    later = warned(said, [SHOP], USUAL, utc("2026-11-16 15:31"))
    assert [entry.text.partition(" of")[0] for entry in later.timeline[1:]] == ["75%", "all"]


def test_half_of_the_time_is_said_too() -> None:
    [_, line] = warned(opened(), [SHOP], USUAL, utc("2026-11-16 15:16")).timeline
    assert line.text.startswith("50% of the 30 min to respond (shop) passed")


def test_other_lines_of_the_timeline_change_no_clock() -> None:
    before = timed(opened(), [SHOP], USUAL)
    assert (
        timed(noted(before, "mia", utc("2026-11-16 15:05"), "looking"), [SHOP], USUAL).resolve_due == before.resolve_due
    )
