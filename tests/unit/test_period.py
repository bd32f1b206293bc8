from __future__ import annotations

import pytest

from cmdb.practices.duration import parse_duration_s, spoken
from cmdb.practices.period import period_error, period_window, report_window
from tests.unit.service_level_examples import span, utc

NOW = utc("2026-11-21 10:00")


def test_a_rolling_period_ends_now() -> None:
    assert period_window("30d", NOW) == span("2026-10-22 10:00", "2026-11-21 10:00")


@pytest.mark.parametrize(
    ("period", "first", "after"),
    [
        ("day", "2026-11-21", "2026-11-22"),
        ("week", "2026-11-16", "2026-11-23"),
        ("month", "2026-11-01", "2026-12-01"),
        ("quarter", "2026-10-01", "2027-01-01"),
        ("year", "2026-01-01", "2027-01-01"),
    ],
)
def test_a_calendar_period_is_whole(period: str, first: str, after: str) -> None:
    assert period_window(period, NOW) == span(f"{first} 00:00", f"{after} 00:00")


def test_a_month_begins_at_midnight_of_its_zone() -> None:
    assert period_window("month", NOW, "Asia/Tokyo") == span("2026-10-31 15:00", "2026-11-30 15:00")


def test_a_calendar_period_may_begin_where_a_contract_says() -> None:
    saturday_noon = "week@2022-01-01T12:00"
    assert period_window(saturday_noon, NOW, "America/New_York") == span("2026-11-14 17:00", "2026-11-21 17:00")
    assert period_window("month@2022-01-31T12:00", NOW) == span("2026-10-31 12:00", "2026-11-30 12:00")
    assert period_window("month@2022-01-21T10:00", NOW) == span("2026-11-21 10:00", "2026-12-21 10:00")
    assert period_error("month@noon") == "'noon' is no moment; write 2022-01-01T12:00"


def test_a_report_may_look_back() -> None:
    assert report_window("last-month", NOW) == span("2026-10-01 00:00", "2026-11-01 00:00")
    assert report_window("last-year", utc("2026-01-01 00:00")) == span("2025-01-01 00:00", "2026-01-01 00:00")
    assert report_window("7d", NOW) == span("2026-11-14 10:00", "2026-11-21 10:00")
    assert report_window("2026-10-25/2026-10-26", NOW, "Europe/Berlin") == span("2026-10-24 22:00", "2026-10-25 23:00")


@pytest.mark.parametrize("text", ["fortnight", "last-7d", "2026-10-02/2026-10-01", "x/y", ""])
def test_a_period_that_nobody_understands_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a|not a moment|ends before"):
        report_window(text, NOW)


def test_an_agreement_s_period_is_checked() -> None:
    assert period_error("month") is None
    assert "'0d' is not a period" in str(period_error("0d"))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2592.0, "43 min 12 s"), (19.2, "19.2 s"), (0, "0 s"), (93784, "1 d 2 h"), (59.97, "1 min"), (7200, "2 h")],
)
def test_lengths_of_time_are_said_with_two_units(seconds: float, text: str) -> None:
    assert spoken(seconds) == text


def test_lengths_of_time_are_read() -> None:
    assert [parse_duration_s(text) for text in ("90s", "15m", "1h 30m", "2w", "1.5h")] == [90, 900, 5400, 1209600, 5400]
