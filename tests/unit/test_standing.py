from __future__ import annotations

from datetime import timedelta

import pytest

from cmdb.model.service import Agreement, Interval
from cmdb.practices.calendar import parse_calendar
from cmdb.practices.standing import Standing, Status, standing
from tests.unit.service_level_examples import interval, utc

ALWAYS = parse_calendar("24x7")
OFFICE = parse_calendar("Mon-Fri 09:00-17:00")
NOW = utc("2026-11-20 12:00")  # a Friday


def agreed(period: str = "30d", target: float = 0.999) -> Agreement:
    return Agreement(id="shop", name="shop", service="shop", period=period, target=target)


def up_but_for(*outages_min: tuple[float, float]) -> list[Interval]:
    """Up for 60 days, but for outages that began so many minutes ago and lasted so many."""
    record, begin = [], NOW - timedelta(days=60)
    for ago, lasted in outages_min:
        start = NOW - timedelta(minutes=ago)
        record += [interval("up", begin, start), interval("down", start, begin := start + timedelta(minutes=lasted))]
    return [*record, interval("up", begin)] if begin < NOW else [*record[:-1], interval("down", record[-1].start)]


def stands(record: list[Interval], period: str = "30d", target: float = 0.999) -> Standing:
    return standing(agreed(period, target), ALWAYS, record, NOW)


def test_without_an_outage_the_whole_budget_is_left() -> None:
    found = stands(up_but_for())
    assert (found.actual, found.budget_s, found.budget_remaining, found.status) == (1.0, 2592, 1.0, Status.MET)


def test_an_outage_takes_its_length_from_the_budget() -> None:
    found = stands(up_but_for((5 * 24 * 60, 21.6)))
    assert found.budget_remaining == pytest.approx(0.5)
    assert found.actual == pytest.approx(0.9995)
    assert (found.status, found.breach_forecast_at) == (Status.MET, None)


def test_an_outage_that_left_the_period_is_forgotten() -> None:
    assert stands(up_but_for((40 * 24 * 60, 500))).budget_remaining == 1.0


def test_more_down_than_the_budget_is_a_breach() -> None:
    found = stands(up_but_for((5 * 24 * 60, 44)))
    assert found.status is Status.BREACHED
    assert found.budget_remaining < 0


def test_an_outage_that_lasts_announces_its_breach() -> None:
    found = stands(up_but_for((10, 10)))
    # Burning for 10 of the last 60 minutes and all of the last 5: 1000 × 10 / 60 in the pair that pages quickly.
    assert found.burn == pytest.approx(1000 / 6)
    left_s = 2592 - 600
    assert found.breach_forecast_at == NOW + timedelta(seconds=left_s * 6)
    assert found.status is Status.AT_RISK


def test_an_outage_that_is_over_announces_nothing() -> None:
    assert stands(up_but_for((600, 10))).breach_forecast_at is None


def test_a_budget_nearly_gone_is_at_risk() -> None:
    assert stands(up_but_for((5 * 24 * 60, 40))).status is Status.AT_RISK


def test_the_trend_counts_service_hours_only() -> None:
    found = standing(agreed("month", 0.99), OFFICE, up_but_for((30, 30)), NOW)
    assert found.budget_s == pytest.approx(0.01 * 21 * 8 * 3600)  # 21 working days in November 2026
    assert found.breach_forecast_at is not None
    assert 9 <= found.breach_forecast_at.hour <= 17


def test_a_month_that_ends_before_the_budget_does_is_met() -> None:
    assert standing(agreed("month", 0.5), OFFICE, up_but_for((30, 30)), NOW).breach_forecast_at is None


def test_a_young_service_is_measured_from_its_first_record() -> None:
    found = stands([interval("up", NOW - timedelta(hours=1))])
    assert (found.availability.agreed_s, found.availability.unknown_s, found.actual) == (3600, 0, 1.0)
    assert found.budget_s == 2592


def test_without_any_record_there_is_no_data() -> None:
    found = stands([])
    assert (found.actual, found.status) == (None, Status.NO_DATA)


def test_a_target_of_everything_is_breached_by_any_outage() -> None:
    assert stands(up_but_for(), target=1.0).status is Status.MET
    assert stands(up_but_for((600, 1)), target=1.0).status is Status.BREACHED
