from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from cmdb.model.service import Interval
from cmdb.practices.agreement_history import Terms, account
from cmdb.practices.calendar import parse_calendar
from cmdb.practices.what_if import cost_per_extra_nine, feasibility, last_months, nines
from tests.unit.service_level_examples import interval, span, utc

ALWAYS = parse_calendar("24x7")
OFFICE = parse_calendar("Mon-Fri 09:00-17:00")
NOW = utc("2026-11-20 12:00")
BEGIN = utc("2026-08-01 00:00")


def terms(target: float, hours: object = None) -> Terms:
    return Terms(since=BEGIN, target=target, hours=OFFICE if hours else ALWAYS)


def record(*outages: tuple[str, float]) -> list[Interval]:
    """Up since August, but for outages of so many minutes."""
    cuts = [(utc(start), utc(start) + timedelta(minutes=minutes)) for start, minutes in outages]
    found, at = [], BEGIN
    for start, end in cuts:
        found += [interval("up", at, start), interval("down", start, end)]
        at = end
    return [*found, interval("up", at)]


RECORD = record(("2026-09-10 03:00", 60), ("2026-10-05 10:00", 20))


def test_the_last_months_are_whole_and_touch() -> None:
    months = last_months(NOW, "UTC")
    assert len(months) == 12
    assert months[-1] == span("2026-10-01 00:00", "2026-11-01 00:00")
    assert months[0].start == utc("2025-11-01 00:00")
    assert all(one.end == following.start for one, following in pairwise(months))


def test_feasibility_says_what_the_recorded_months_would_have_given() -> None:
    found = feasibility(terms(0.999), RECORD, NOW)
    assert [month.kept for month in found.months] == [None] * 9 + [True, False, True]
    assert found.promise == 0.998
    assert found.line == "2 of the last 3 months would have kept it; all of them: 99.8 %"


def test_other_hours_make_another_promise() -> None:
    found = feasibility(terms(0.999, OFFICE), RECORD, NOW)
    assert [month.down_s for month in found.observed] == [0, 0, 1200]
    assert found.promise == 0.998


def test_without_a_record_nobody_knows() -> None:
    assert feasibility(terms(0.99), [], NOW).line == "nothing was recorded yet: nobody knows"


def test_nines() -> None:
    assert [round(nines(target), 2) for target in (0.9, 0.99, 0.999, 0.9995)] == [1, 2, 3, 3.3]
    assert nines(1.0) == float("inf")


def test_the_cost_of_one_more_nine() -> None:
    [(lower, higher, cost)] = cost_per_extra_nine([(0.999, 1500.0), (0.99, 500.0), (1.0, 9000.0)])
    assert (lower, higher) == (0.99, 0.999)
    assert cost == pytest.approx(1000)


def test_a_changed_agreement_is_accounted_part_by_part() -> None:
    changed = [terms(0.999), Terms(since=utc("2026-10-06 00:00"), target=0.9, hours=OFFICE)]
    found = account(changed, RECORD, span("2026-10-01 00:00", "2026-10-08 00:00"))
    assert [part.window for part in found.parts] == [
        span("2026-10-01 00:00", "2026-10-06 00:00"),
        span("2026-10-06 00:00", "2026-10-08 00:00"),
    ]
    assert found.availability.agreed_s == 5 * 86400 + 2 * 8 * 3600
    assert found.budget_s == 432 + 5760
    assert (found.availability.down_s, found.kept) == (1200, True)
