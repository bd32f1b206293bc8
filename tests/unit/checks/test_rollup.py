"""Stretches of a metric add up: whatever the order and the grouping, nothing is lost and nothing is doubled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.rollup import coarser, merged, of_summary, rolled, start_of

START = datetime(2026, 1, 1, tzinfo=UTC)
values = st.lists(st.one_of(st.just(0.0), st.floats(1e-9, 1e9)), min_size=1, max_size=40)


@given(st.lists(values, min_size=1, max_size=8))
def test_rolling_up_in_two_steps_is_rolling_up_in_one(minutes: list[list[float]]) -> None:
    parts = [rolled(START + timedelta(minutes=n), minute) for n, minute in enumerate(minutes)]
    whole = rolled(START, [value for minute in minutes for value in minute])
    together = merged([part for part in parts if part is not None], START)
    assert whole is not None
    assert together is not None
    assert (together.count, together.minimum, together.maximum, together.last, together.buckets) == (
        whole.count, whole.minimum, whole.maximum, whole.last, whole.buckets,
    )  # fmt: skip
    assert together.total == pytest.approx(whole.total)


@given(values, st.floats(0.01, 1))
def test_a_quantile_is_right_to_within_a_bucket(measured: list[float], share: float) -> None:
    rollup = rolled(START, measured)
    assert rollup is not None
    exact = sorted(measured)[max(0, -(-int(share * 1e6) * len(measured) // 1_000_000) - 1)]
    assert rollup.minimum <= rollup.quantile(share) <= rollup.maximum
    assert rollup.quantile(share) >= exact * 0.999
    assert rollup.quantile(share) <= max(exact * 1.2, rollup.minimum)


def test_minutes_become_hours_and_days_on_their_own_boundaries() -> None:
    minutes = [rolled(START + timedelta(minutes=n), [float(n)]) for n in range(3000)]
    hours = coarser([minute for minute in minutes if minute is not None], "1h")
    days = coarser(hours, "1d")
    assert len(hours) == 50
    assert [(day.start, day.count) for day in days] == [
        (START, 1440), (START + timedelta(days=1), 1440), (START + timedelta(days=2), 120),
    ]  # fmt: skip
    assert (days[0].minimum, days[0].maximum, days[0].mean) == (0, 1439, 719.5)


def test_a_summary_of_an_agent_becomes_a_rollup() -> None:
    rollup = of_summary(START, (1.0, 2.0, 6.0, 5, 1.5))
    assert (rollup.count, rollup.mean, rollup.minimum, rollup.maximum, rollup.last) == (5, 2.0, 1.0, 6.0, 1.5)
    assert sum(rollup.buckets.values()) == 5
    single = of_summary(START, (3.0, 3.0, 3.0, 1, 3.0))
    assert sum(single.buckets.values()) == 1


def test_nothing_rolls_up_to_nothing() -> None:
    assert rolled(START, []) is None
    assert merged([], START) is None
    assert coarser([], "1h") == []


def test_a_stretch_begins_in_utc_whatever_the_moments_zone() -> None:
    berlin = datetime.fromisoformat("2026-03-29T03:30:00+02:00")
    assert start_of(berlin, "1h") == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert start_of(berlin, "1d") == datetime(2026, 3, 29, tzinfo=UTC)
