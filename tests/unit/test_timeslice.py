from __future__ import annotations

from datetime import timedelta

from cmdb.model.service import Agreement
from cmdb.practices.calendar import parse_calendar
from cmdb.practices.span import Span
from cmdb.practices.standing import standing
from cmdb.practices.timeslice import bad_slices, bad_slices_allowed, slices_in
from tests.unit.service_level_examples import interval, span, utc

WEEK_S = 7 * 86400.0


def test_two_weeks_of_minutes_at_95_per_cent() -> None:
    assert slices_in(2 * WEEK_S, 60) == 20160
    assert bad_slices_allowed(2 * WEEK_S, 60, 0.95) == 1008


def test_a_week_at_99_95_per_cent_allows_five_bad_minutes() -> None:
    assert bad_slices_allowed(WEEK_S, 60, 0.9995) == 5


def test_a_slice_is_bad_as_a_whole_when_too_little_of_it_was_up() -> None:
    second = timedelta(seconds=1)
    noon = utc("2026-11-20 12:00")
    down = (Span(noon + 50 * second, noon + 70 * second), Span(noon + 130 * second, noon + 132 * second))
    assert bad_slices(down, 60, 0.95) == (span("2026-11-20 12:00", "2026-11-20 12:02"),)
    assert bad_slices(down, 60, 1.0) == (span("2026-11-20 12:00", "2026-11-20 12:03"),)
    assert bad_slices(down, 60, 0.8) == ()


def test_an_agreement_by_slices_counts_whole_slices() -> None:
    now = utc("2026-11-20 12:00")
    begin = now - timedelta(days=20)
    outage = now - timedelta(hours=1)
    record = [
        interval("up", begin, outage),
        interval("down", outage, outage + timedelta(seconds=90)),
        interval("up", outage + timedelta(seconds=90)),
    ]
    agreement = Agreement(id="a", name="a", service="shop", period="14d", target=0.95, slice_s=60.0, slice_target=0.4)
    found = standing(agreement, parse_calendar("24x7"), record, now)
    assert found.availability.down_s == 60  # the second minute was up for half of it
    assert (found.availability.unknown_s, found.budget_s) == (0, 1008 * 60)
