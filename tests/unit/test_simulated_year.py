"""What is computed as a year goes on is what is computed afterwards from its record: equal to the second.

All 200 services are in `make bench`.
"""

from __future__ import annotations

from tests.support.simulated_year import simulated_year
from tests.support.year_by_year import (
    clocks_as_they_went,
    clocks_from_the_record,
    months_as_they_went,
    months_from_the_record,
)

YEAR = simulated_year(8, seed=7)


def test_live_and_replayed_availability_are_equal_in_every_month() -> None:
    for service in YEAR:
        assert months_as_they_went(service) == months_from_the_record(service)


def test_live_and_replayed_clocks_are_equal() -> None:
    for service in YEAR:
        assert clocks_as_they_went(service) == clocks_from_the_record(service)


def test_the_year_has_what_it_is_to_show() -> None:
    states = {interval.state for service in YEAR for interval in service.record}
    assert states == {"up", "down", "degraded", "maintenance", "unknown"}
    assert sum(len(service.incidents) for service in YEAR) > 100
    assert {terms.hours.holidays.country for service in YEAR for terms in service.terms} == {"", "ES", "DE", "US"}
    assert all(len(service.terms) == 5 for service in YEAR)
