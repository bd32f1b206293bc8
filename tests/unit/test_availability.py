from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.model.service import Interval
from cmdb.practices.availability import explain, measure
from cmdb.practices.calendar import Calendar, parse_calendar
from cmdb.practices.service_state import ServiceState
from cmdb.practices.span import Span
from tests.unit.service_level_examples import interval, span, utc

ALWAYS = parse_calendar("24x7")
OFFICE = parse_calendar("Mon-Fri 09:00-17:00", "Europe/Berlin")
DAY = span("2026-11-20 00:00", "2026-11-21 00:00")  # a Friday


def state(name: str, start: str, end: str | None = None) -> Interval:
    return interval(name, utc(f"2026-11-20 {start}"), utc(f"2026-11-20 {end}") if end else None)


def test_an_outage_counts_only_outside_of_planned_maintenance() -> None:
    found = measure(
        [state("up", "00:00"), state("down", "03:00", "05:00"), state("down", "10:00", "10:30")],
        ALWAYS,
        DAY,
        excluded=[span("2026-11-20 02:00", "2026-11-20 04:00")],
    )
    assert found.agreed_s == 1320 * 60
    assert found.down_s == 90 * 60
    assert found.share is not None
    assert round(found.share * 100, 4) == 93.1818


def test_outages_that_overlap_count_once() -> None:
    overlapping = [state("down", "03:00", "05:00"), state("down", "04:00", "06:00"), state("up", "00:00")]
    assert measure(overlapping, ALWAYS, DAY).down_s == 3 * 3600


def test_an_outage_outside_service_hours_counts_for_nothing() -> None:
    found = measure([state("up", "00:00"), state("down", "17:00", "23:00")], OFFICE, DAY)
    assert (found.agreed_s, found.down_s, found.share) == (8 * 3600, 0, 1.0)


def test_an_open_outage_runs_to_now() -> None:
    found = measure(
        [state("up", "00:00", "06:00"), state("down", "06:00")], ALWAYS, Span(DAY.start, utc("2026-11-20 08:00"))
    )
    assert found.down_s == 2 * 3600


def test_degraded_is_there_but_reported() -> None:
    found = measure([state("degraded", "00:00", "06:00"), state("up", "06:00")], ALWAYS, DAY)
    assert (found.share, found.degraded_s) == (1.0, 6 * 3600)


@pytest.mark.parametrize("intervals", [[], [state("unknown", "00:00")], [state("maintenance", "00:00")]])
def test_nothing_observed_is_no_data_and_not_a_hundred_per_cent(intervals: list[Interval]) -> None:
    assert measure(intervals, ALWAYS, DAY).share is None


def test_time_that_nobody_observed_is_reported_apart_and_never_counts_as_up() -> None:
    found = measure([state("up", "00:00", "06:00"), state("down", "06:00", "08:00"), state("up", "20:00")], ALWAYS, DAY)
    assert found.unknown_s == 12 * 3600
    assert found.agreed_s == 24 * 3600
    assert found.share == 10 / 12


def test_explain_says_what_was_counted_of_each_interval_and_why() -> None:
    rows = explain(
        [state("up", "00:00", "06:00"), state("down", "06:00", "10:00")],
        OFFICE,
        DAY,
        excluded=[span("2026-11-20 09:00", "2026-11-20 09:30")],
    )
    assert [(row.state, row.counted_s, row.why) for row in rows] == [
        ("up", 0, "6 h outside service hours"),
        ("down", 5400, "1 h 30 min down; 2 h outside service hours; 30 min in planned maintenance"),
        ("maintenance", 1800, "30 min planned maintenance, taken out of both terms"),
        ("unknown", 21600, "6 h without any record: in neither term"),
    ]


hours_of_day = st.integers(0, 60).map(lambda hour: DAY.start - timedelta(hours=12) + timedelta(hours=hour))
recorded = st.lists(
    st.builds(
        lambda name, start, length: interval(name, start, start + timedelta(hours=length)),
        st.sampled_from([state.value for state in ServiceState]),
        hours_of_day,
        st.integers(1, 20),
    ),
    max_size=8,
)
planned = st.lists(hours_of_day.map(lambda start: Span(start, start + timedelta(hours=3))), max_size=2)


@given(recorded, planned, st.sampled_from([ALWAYS, OFFICE]))
def test_what_is_explained_adds_up_to_what_is_measured(
    intervals: list[Interval], excluded: list[Span], hours: Calendar
) -> None:
    found = measure(intervals, hours, DAY, excluded)
    added: defaultdict[str, float] = defaultdict(float)
    for row in explain(intervals, hours, DAY, excluded):
        added[row.state] += row.counted_s
    assert (added["down"], added["degraded"]) == (found.down_s, found.degraded_s)
    assert added["unknown"] == found.unknown_s
    assert sum(added.values()) == found.agreed_s + found.maintenance_s
