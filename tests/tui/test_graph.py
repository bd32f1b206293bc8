"""Curves, sparks and calendars as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.views import duty, heat
from console.views.cells import Row
from console.views.glyphs import ASCII, UNICODE, Glyphs
from console.views.graph import area, between, chart, spark
from console.views.ink import Ink, plain
from console.views.moment import Moment
from tests.support.hub import START

VALUES = st.lists(st.none() | st.floats(-5, 5), max_size=60)


def test_a_spark_rises_with_its_values_and_leaves_holes() -> None:
    assert spark([0, 1, None, 7], UNICODE) == "▁▂·█"
    assert spark([], UNICODE) == ""


def test_an_area_is_filled_from_below() -> None:
    assert area([0.5, 0.5, 1.0, 1.0], 2, 0.0, 1.0, UNICODE) == [" ⣿", "⣿⣿"]
    assert area([0.0, 0.0], 1, 0.0, 1.0, UNICODE) == ["⣀"]
    assert area([0.5, 0.5, 1.0, 1.0], 2, 0.0, 1.0, ASCII) == [" #", "##"]


@given(values=VALUES, lines=st.integers(1, 8), glyphs=st.sampled_from([UNICODE, ASCII]))
def test_an_area_is_as_large_as_asked_for(values: list[float | None], lines: int, glyphs: Glyphs) -> None:
    drawn = area(values, lines, -1.0, 1.0, glyphs)
    assert [len(line) for line in drawn] == [(len(values) + 1) // 2] * lines


@given(cells=st.integers(12, 200), low=st.floats(-3, 0), high=st.floats(0.1, 3))
def test_a_chart_fits_its_width(cells: int, low: float, high: float) -> None:
    lines = chart(
        lambda count: [high] * count, 4, low, high, lambda value: f"{value:.0%}", lambda _: Ink.OK, ("a", "b"), UNICODE,
        cells,
    )  # fmt: skip
    assert {len(plain(line)) for line in lines} == {cells}


def test_between_points_the_way_is_straight() -> None:
    points = [(START, 1.0), (START + timedelta(hours=2), 0.0)]
    assert between(points, 3) == pytest.approx([1.0, 0.5, 0.0])
    assert between([], 2) == [None, None]


def test_a_day_says_whether_its_target_was_reached() -> None:
    days: list[Row] = [
        {"day": "2026-03-02", "share": 1.0},
        {"day": "2026-03-03", "share": 0.99},
        {"day": "2026-03-04", "share": None},
    ]
    names, week = heat.calendar(days, 0.999, UNICODE, 80)
    assert plain(names).split() == ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
    assert plain(week).split() == ["02", "Mar", "2▁▁", "3▅▅", "4··"]
    assert dict(week)["▅▅ "] is Ink.WARNING


def test_a_calendar_shows_who_is_on_and_when_nobody_is() -> None:
    duties: list[Row] = [
        {"people": ["mia"], "start": START, "end": START + timedelta(days=2)},
        {"people": [], "start": START + timedelta(days=2), "end": START + timedelta(days=3)},
    ]
    days, mia, nobody = duty.calendar(duties, Moment(START), 100)
    assert plain(days).split()[0] == "Mon"
    assert (plain(mia)[:3], plain(mia).count("━")) == ("mia", 8)
    assert (plain(nobody)[:6], plain(nobody).count("━")) == ("nobody", 4)


def test_a_month_of_many_agreements_is_a_sign_a_day_below_its_monday() -> None:
    moment = Moment(datetime(2026, 3, 18, 12, tzinfo=UTC), UNICODE, UTC)  # a Wednesday
    known = {2: 1.0, 9: None, 17: 0.9, 18: 1.0}
    days: list[Row] = [{"day": f"2026-03-{day:02}", "share": share} for day, share in known.items()]
    drawn = plain(heat.weeks({"days": days, "target": 0.999}, moment))
    assert heat.dates(moment) == "23 Feb   02 Mar   09 Mar   16 Mar"
    assert [drawn[start : start + 7] for start in (0, 9, 18, 27)] == ["·······", "▁······", "·······", "·█▁    "]
    assert len(drawn) == heat.WEEKS_CELLS
