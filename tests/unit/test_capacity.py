from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.practices.capacity import Limit, Point, reaches
from tests.unit.service_level_examples import utc

NOW = utc("2026-11-20 12:00")


def hourly(*values: float) -> list[Point]:
    return [Point(NOW - timedelta(hours=len(values) - number), value) for number, value in enumerate(values)]


def test_a_disk_that_fills_evenly_is_full_when_a_ruler_says_so() -> None:
    found = reaches(hourly(*(50 + hour for hour in range(26))), 100, NOW)
    assert found is not None
    assert (found.at, found.value, found.points) == (NOW + timedelta(hours=25), 75, 26)
    assert (round(found.per_day, 6), round(found.fit, 6)) == (24, 1)


@pytest.mark.parametrize(
    "values",
    [
        [50.0] * 48,
        [80 - hour for hour in range(48)],
        [50 + hour for hour in range(11)],
        [50, 90, 50, 90, 50, 90, 50, 90, 50, 90, 50, 90, 50, 91],
        [50 + hour / 1000 for hour in range(48)],
    ],
    ids=["level", "falling", "too short", "up and down", "beyond the horizon"],
)
def test_what_is_no_trend_gives_no_limit(values: list[float]) -> None:
    assert reaches(hourly(*values), 100, NOW) is None


def test_what_is_full_is_full_now() -> None:
    found = reaches(hourly(*(min(100.0, 90 + hour / 2) for hour in range(24))), 100, NOW)
    assert found is not None
    assert found.at == NOW


@given(st.floats(0.2, 3), st.integers(13, 200))
def test_a_line_is_followed_to_its_end(per_hour: float, hours: int) -> None:
    values = [1000 - per_hour * (hours - hour) for hour in range(hours)]
    found: Limit | None = reaches(hourly(*values), 1010, NOW)
    assert found is not None
    assert (found.at - NOW) / timedelta(hours=1) == pytest.approx((1010 - values[-1]) / per_hour, rel=1e-6)
