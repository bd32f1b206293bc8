from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.model.service import Holidays
from cmdb.practices.business_time import deadline, elapsed_s
from cmdb.practices.calendar import Calendar, CalendarError, parse_calendar
from cmdb.practices.span import Span, Spans, union
from tests.unit.service_level_examples import local, span, utc

HOUR_S = 3600
OFFICE = parse_calendar("Mon-Fri 09:00-17:00")
ZERO = utc("2026-03-20 00:00")

calendars = st.sampled_from(
    [
        OFFICE,
        parse_calendar("24x7"),
        parse_calendar("Mon-Fri 08-13,14-18", "Europe/Berlin", Holidays(country="DE", subdivision="BE")),
        parse_calendar("Fri-Sun 22:00-06:00", "America/Chicago"),
    ]
)
moments = st.integers(0, 21 * 86400).map(lambda seconds: ZERO + timedelta(seconds=seconds))
pauses = st.lists(st.tuples(moments, st.integers(0, 86400)), max_size=4).map(
    lambda pairs: union(Span(start, start + timedelta(seconds=length_s)) for start, length_s in pairs)
)


def test_fifteen_hours_of_split_days_in_berlin() -> None:
    berlin = parse_calendar("Mon-Sun 08-13,14-18", "Europe/Berlin")
    weekdays = parse_calendar("Mon-Fri 08-13,14-18", "Europe/Berlin")
    assert deadline(weekdays, utc("2015-03-27 11:00"), 15 * HOUR_S) == utc("2015-03-31 07:00")
    assert deadline(berlin, utc("2015-03-27 11:00"), 15 * HOUR_S) < utc("2015-03-31 07:00")


def test_eight_hours_with_a_day_on_hold_are_due_on_wednesday() -> None:
    hold = (span("2026-11-17 10:00", "2026-11-18 11:00"),)
    assert deadline(OFFICE, utc("2026-11-16 15:00"), 8 * HOUR_S, hold) == utc("2026-11-18 16:00")


def test_both_kinds_of_elapsed_time_over_a_weekend() -> None:
    office = parse_calendar("Mon-Fri 08:00-17:00", "Europe/Madrid")
    start, end = local("Europe/Madrid", "2026-03-20 21:00"), local("Europe/Madrid", "2026-03-23 09:30")
    assert (end - start).total_seconds() == 60.5 * HOUR_S
    assert elapsed_s(office, start, end) == 1.5 * HOUR_S


def test_a_calendar_closed_for_ever_gives_no_deadline() -> None:
    every_day = tuple(f"{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 32) if _exists(month, day))
    closed = parse_calendar("24x7", "UTC", Holidays(dates=every_day))
    with pytest.raises(CalendarError, match="never open"):
        deadline(closed, ZERO, HOUR_S)


def _exists(month: int, day: int) -> bool:
    return day <= (29 if month == 2 else 30 if month in {4, 6, 9, 11} else 31)


@given(calendars, st.tuples(moments, moments, moments).map(sorted), pauses)
def test_elapsed_time_adds_up_over_splits(calendar: Calendar, cuts: list[datetime], held: Spans) -> None:
    start, middle, end = cuts
    halves_s = elapsed_s(calendar, start, middle, held) + elapsed_s(calendar, middle, end, held)
    assert elapsed_s(calendar, start, end, held) == halves_s


@given(calendars, moments, st.integers(1, 100 * HOUR_S), pauses)
def test_deadline_is_the_first_moment_at_which_the_goal_has_elapsed(
    calendar: Calendar, start: datetime, goal_s: int, held: Spans
) -> None:
    due = deadline(calendar, start, goal_s, held)
    assert elapsed_s(calendar, start, due, held) == goal_s
    assert elapsed_s(calendar, start, due - timedelta(seconds=1), held) == goal_s - 1


@given(calendars, moments, st.integers(1, 100 * HOUR_S), pauses, moments)
def test_a_pause_of_no_length_changes_nothing(
    calendar: Calendar, start: datetime, goal_s: int, held: Spans, moment: datetime
) -> None:
    with_empty = union((*held, Span(moment, moment)))
    assert deadline(calendar, start, goal_s, with_empty) == deadline(calendar, start, goal_s, held)
