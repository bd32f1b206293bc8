from __future__ import annotations

from datetime import timedelta

import pytest

from checks.rollup import Rollup, rolled
from cmdb.model.answers import Answers
from cmdb.practices.calendar import parse_calendar
from cmdb.practices.latency import answers
from tests.unit.service_level_examples import utc

ALWAYS = parse_calendar("24x7")
OFFICE = parse_calendar("Mon-Fri 09:00-17:00")
HOUR = timedelta(hours=1)


def hour(at: str, *values_ms: float) -> Rollup:
    found = rolled(utc(at), values_ms)
    assert found is not None
    return found


def taken(*rollups: Rollup, hours: object = ALWAYS) -> Answers | None:
    return answers(rollups, OFFICE if hours is OFFICE else ALWAYS, HOUR, target_ms=300, target_share=0.95)


def test_the_share_of_answers_in_time_is_counted() -> None:
    found = taken(hour("2026-11-20 10:00", *[100] * 90, *[900] * 10))
    assert found is not None
    assert (found.within, found.count, found.kept) == (0.9, 100, False)
    assert found.actual_ms == pytest.approx(900, rel=0.2)


def test_enough_quick_answers_keep_it() -> None:
    found = taken(hour("2026-11-20 10:00", *[100] * 96, *[900] * 4))
    assert found is not None
    assert found.kept is True


def test_answers_outside_service_hours_do_not_count() -> None:
    night, day = hour("2026-11-20 03:00", *[900] * 50), hour("2026-11-20 10:00", *[100] * 50)
    found = taken(night, day, hours=OFFICE)
    assert found is not None
    assert (found.count, found.within) == (50, 1.0)


def test_few_answers_say_nothing_and_none_is_no_figure() -> None:
    found = taken(hour("2026-11-20 10:00", 900))
    assert found is not None
    assert found.kept is None
    assert taken() is None


def test_what_lies_in_the_bucket_of_the_target_is_never_counted_as_better_than_it_was() -> None:
    found = taken(hour("2026-11-20 10:00", *[290] * 50, *[310] * 50))
    assert found is not None
    assert found.within <= 0.5
