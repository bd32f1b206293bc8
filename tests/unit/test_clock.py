from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cmdb.practices.business_time import elapsed_s
from cmdb.practices.calendar import Calendar, parse_calendar
from cmdb.practices.clock import Clock, ClockEvent, Fired, Goal, Running, Target, replay, thresholds
from cmdb.practices.span import Span, union
from tests.unit.service_level_examples import utc

HOUR_S = 3600
OFFICE = parse_calendar("Mon-Fri 09:00-17:00")
ALWAYS = parse_calendar("24x7")
WAITING = "waiting for the user"
MONDAY_15 = utc("2026-11-16 15:00")


def target(hours_s: float, goal: Goal = Goal.RESOLVE, hours: Calendar = OFFICE, **values: bool) -> Target:
    return Target(goal=goal, time_s=hours_s * HOUR_S, hours=hours, pauses=frozenset({WAITING}), **values)


HOLD = ClockEvent(utc("2026-11-17 10:00"), "on_hold", WAITING)
RESUME = ClockEvent(utc("2026-11-18 11:00"), "in_progress", assignee="mia")


def test_a_day_on_hold_moves_the_due_time_by_that_day() -> None:
    clock = Clock.started(target(8), MONDAY_15)
    assert clock.due == utc("2026-11-17 15:00")
    held = clock.after(HOLD)
    assert (held.running, held.due, held.waits_for) == (Running.PAUSED, None, "the user")
    resumed = held.after(RESUME)
    assert (resumed.due, resumed.waits_for) == (utc("2026-11-18 16:00"), "mia")


def test_a_hold_that_the_agreement_does_not_name_stops_nothing() -> None:
    clock = replay(target(8), MONDAY_15, [ClockEvent(HOLD.at, "on_hold", "lunch")])
    assert (clock.running, clock.due) == (Running.RUNNING, utc("2026-11-17 15:00"))


def test_responding_stops_at_the_first_acknowledgement_or_assignment_for_good() -> None:
    respond = target(1, Goal.RESPOND)
    for answer in (
        ClockEvent(utc("2026-11-16 15:30"), "acknowledged"),
        ClockEvent(utc("2026-11-16 15:30"), "new", assignee="mia"),
    ):
        clock = replay(respond, MONDAY_15, [answer, ClockEvent(utc("2026-11-16 16:00"), "new")])
        assert (clock.running, clock.passed_s, clock.waits_for) == (Running.STOPPED, 1800, "")


def test_a_reopened_incident_goes_on_where_it_stopped() -> None:
    events = [ClockEvent(utc("2026-11-16 16:00"), "resolved"), ClockEvent(utc("2026-11-17 12:00"), "new")]
    clock = replay(target(4), MONDAY_15, events)
    assert clock.passed_s == HOUR_S
    assert clock.due == utc("2026-11-17 15:00")


def test_a_target_missed_stays_missed_at_its_moment() -> None:
    clock = replay(target(1), MONDAY_15, [HOLD, ClockEvent(utc("2026-11-18 09:00"), "resolved")])
    assert clock.due == utc("2026-11-16 16:00")
    assert clock.missed(utc("2026-11-19 09:00"))


def test_a_target_met_has_no_due_time_any_more() -> None:
    clock = replay(target(8), MONDAY_15, [ClockEvent(utc("2026-11-16 16:00"), "resolved")])
    assert (clock.due, clock.missed(utc("2026-12-01 00:00"))) == (None, False)


def test_an_agreement_with_a_customer_counts_from_creation_and_one_within_the_house_from_attachment() -> None:
    attached = utc("2026-11-17 09:00")
    assert replay(target(8), MONDAY_15, [], attached).due == utc("2026-11-17 15:00")
    assert replay(target(8, from_creation=False), MONDAY_15, [], attached).due == utc("2026-11-17 17:00")


def test_a_changed_agreement_applies_its_time_and_its_pauses_to_what_was() -> None:
    before = replay(target(8), MONDAY_15, [HOLD, RESUME])
    without_pauses = Target(goal=Goal.RESOLVE, time_s=20 * HOUR_S, hours=OFFICE)
    changed = replay(without_pauses, MONDAY_15, [HOLD, RESUME])
    assert before.passed_s == 3 * HOUR_S
    assert changed.passed_s == 12 * HOUR_S
    assert changed.due == utc("2026-11-19 11:00")


def test_both_kinds_of_elapsed_time_are_kept() -> None:
    friday = utc("2026-03-20 21:00")
    clock = Clock.started(target(8, hours=parse_calendar("Mon-Fri 08:00-17:00")), friday)
    monday = utc("2026-03-23 09:30")
    assert (clock.wall_s_at(monday), clock.passed_s_at(monday)) == (60.5 * HOUR_S, 1.5 * HOUR_S)


def test_thresholds_are_moments() -> None:
    assert thresholds(target(4), MONDAY_15, [HOLD]) == {
        0.5: utc("2026-11-16 17:00"),
        0.75: utc("2026-11-17 10:00"),
    }
    assert thresholds(target(4), MONDAY_15, [])[1.0] == utc("2026-11-17 11:00")


def test_each_threshold_fires_once() -> None:
    reached = thresholds(target(4), MONDAY_15, [])
    fired, due = Fired().step(reached, utc("2026-11-17 10:00"))
    assert due == (0.5, 0.75)
    assert fired.step(reached, utc("2026-11-17 10:29")) == (fired, ())
    assert fired.step(reached, utc("2026-11-17 12:00"))[1] == (0.9, 1.0)


def test_a_threshold_fires_again_only_if_its_moment_moved_into_the_future() -> None:
    now = utc("2026-11-17 10:30")
    fired, _ = Fired().step(thresholds(target(4), MONDAY_15, []), now)
    assert fired.step(thresholds(target(2), MONDAY_15, []), now)[1] == (0.9, 1.0)
    longer = thresholds(target(8), MONDAY_15, [])
    fired, due = fired.step(longer, now)
    assert due == ()
    assert fired.step(longer, utc("2026-11-17 13:00"))[1] == (0.5, 0.75)


def test_a_pause_after_a_threshold_does_not_fire_it_again() -> None:
    fired, _ = Fired().step(thresholds(target(4), MONDAY_15, []), utc("2026-11-17 09:30"))
    paused, due = fired.step(thresholds(target(4), MONDAY_15, [HOLD]), utc("2026-11-17 12:00"))
    assert due == (0.75,)
    assert paused.step(thresholds(target(4), MONDAY_15, [HOLD, RESUME]), utc("2026-11-18 11:10"))[1] == ()


minutes = st.integers(0, 14 * 24 * 60)
calendars = st.sampled_from(
    [ALWAYS, OFFICE, parse_calendar("Mon-Fri 08-13,14-18", "Europe/Berlin"), parse_calendar("Sun 00-06", "Asia/Tokyo")]
)
ZERO = utc("2026-03-20 00:00")  # two weeks over the change of clocks in Europe
states = st.sampled_from(
    [("new", ""), ("in_progress", ""), ("on_hold", WAITING), ("on_hold", "lunch"), ("resolved", "")]
)
histories = st.lists(st.tuples(minutes, states), max_size=6).map(
    lambda rows: [
        ClockEvent(ZERO + timedelta(minutes=at), *state) for at, state in sorted(rows, key=lambda row: row[0])
    ]
)


@given(calendars, histories, minutes)
def test_the_fold_is_the_sum_of_the_open_time_of_the_running_states(
    hours: Calendar, events: list[ClockEvent], at: int
) -> None:
    now = ZERO + timedelta(minutes=at)
    seen = [event for event in events if event.at <= now]
    begun = [ClockEvent(ZERO, "new"), *seen]
    ends = [*(event.at for event in seen), now]
    stopped = {("on_hold", WAITING), ("resolved", "")}
    ran = [
        Span(event.at, end)
        for event, end in zip(begun, ends, strict=True)
        if (event.state, event.reason) not in stopped
    ]
    expected_s = sum(elapsed_s(hours, *span) for span in union(ran))
    assert replay(target(8, hours=hours), ZERO, seen).passed_s_at(now) == expected_s


@given(calendars, histories)
def test_at_its_due_time_exactly_the_target_has_passed(hours: Calendar, events: list[ClockEvent]) -> None:
    clock = replay(target(8, hours=hours), ZERO, events)
    if clock.running is Running.RUNNING and clock.spent_at is None:
        due = clock.due
        assert due is not None
        assert clock.passed_s_at(due) == 8 * HOUR_S
        assert not clock.missed(due)
        assert clock.passed_s_at(due - timedelta(seconds=1)) < 8 * HOUR_S


@given(calendars, histories, minutes)
def test_a_hold_of_no_length_changes_nothing(hours: Calendar, events: list[ClockEvent], at: int) -> None:
    before = [event for event in events if event.at < ZERO + timedelta(minutes=at)]
    now = ZERO + timedelta(minutes=at)
    last = before[-1] if before else ClockEvent(ZERO, "new")
    again = ClockEvent(now, last.state, last.reason, last.assignee)
    plain = replay(target(8, hours=hours), ZERO, before)
    held = replay(target(8, hours=hours), ZERO, [*before, ClockEvent(now, "on_hold", WAITING), again])
    later: datetime = now + timedelta(days=3)
    assert held.passed_s_at(later) == plain.passed_s_at(later)
    assert held.due == plain.due
