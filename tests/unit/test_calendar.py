from __future__ import annotations

import pytest

from cmdb.model.service import Holidays
from cmdb.practices.business_time import elapsed_s
from cmdb.practices.calendar import CalendarError, parse_calendar
from cmdb.practices.span import duration_s
from tests.unit.service_level_examples import local, span, utc


def test_24x7_is_all_of_the_time() -> None:
    day = span("2026-03-01 00:00", "2026-03-02 00:00")
    assert parse_calendar("24x7").open_spans(*day) == (day,)


@pytest.mark.parametrize(("day", "noons_h"), [("2026-03-28", 23.0), ("2026-10-24", 25.0)])
def test_noon_to_noon_across_a_change_of_clocks_in_madrid(day: str, noons_h: float) -> None:
    following = day[:-2] + str(int(day[-2:]) + 1)
    start, end = local("Europe/Madrid", f"{day} 12:00"), local("Europe/Madrid", f"{following} 12:00")
    for text in ("24x7", "Mon-Sun 00:00-24:00"):
        assert duration_s(parse_calendar(text, "Europe/Madrid").open_spans(start, end)) == noons_h * 3600


def test_friday_afternoon_to_monday_morning_in_madrid_is_two_hours() -> None:
    office = parse_calendar("Mon-Fri 09:00-17:00", "Europe/Madrid")
    start, end = local("Europe/Madrid", "2026-03-27 16:00"), local("Europe/Madrid", "2026-03-30 10:00")
    assert duration_s(office.open_spans(start, end)) == 2 * 3600


def test_hours_may_be_split_and_differ_by_day() -> None:
    shop = parse_calendar("Mon-Fri 8-13,14:00-18:00; Sat 09:00-12:00")
    assert shop.open_spans(utc("2026-11-20 12:00"), utc("2026-11-22 00:00")) == (
        span("2026-11-20 12:00", "2026-11-20 13:00"),
        span("2026-11-20 14:00", "2026-11-20 18:00"),
        span("2026-11-21 09:00", "2026-11-21 12:00"),
    )


def test_days_may_wrap_around_the_week() -> None:
    assert parse_calendar("Sat-Mon 10-11").week == parse_calendar("Mon,Sat,Sun 10-11").week


def test_a_night_shift_ends_on_the_next_day_also_across_new_year() -> None:
    nights = parse_calendar("Mon-Sun 22:00-06:00")
    assert nights.open_spans(utc("2026-12-31 23:00"), utc("2027-01-01 23:00")) == (
        span("2026-12-31 23:00", "2027-01-01 06:00"),
        span("2027-01-01 22:00", "2027-01-01 23:00"),
    )


def test_an_hour_that_the_clocks_skip_does_not_exist() -> None:
    night = parse_calendar("Sun 02:00-03:30", "Europe/Madrid")
    opened = night.open_spans(utc("2026-03-28 12:00"), utc("2026-03-29 12:00"))
    assert opened == (span("2026-03-29 01:00", "2026-03-29 01:30"),)


def test_public_holidays_and_own_dates_are_closed() -> None:
    rule = Holidays(country="ES", subdivision="MD", dates=("2026-12-24", "12-31"), except_dates=("12-25",))
    madrid = parse_calendar("Mon-Fri 09:00-17:00", "Europe/Madrid", rule)
    worked = madrid.open_spans(utc("2026-12-21 00:00"), utc("2027-01-08 00:00"))
    days = [opened.start.strftime("%m-%d") for opened in worked]
    # 12-24 and 12-31 are own dates, 01-01 and 01-06 public holidays, 12-25 is one that is worked.
    assert days == ["12-21", "12-22", "12-23", "12-25", "12-28", "12-29", "12-30", "01-04", "01-05", "01-07"]


def test_a_holiday_on_the_first_of_a_month_and_a_leap_day_of_every_year() -> None:
    berlin = parse_calendar("Mon-Fri 09:00-17:00", "Europe/Berlin", Holidays(country="DE", dates=("02-29",)))
    # Friday 1 May 2026, and Tuesday 29 February 2028: closed from the evening before to the morning after.
    for start, end in (("2026-04-30 14:00", "2026-05-04 08:00"), ("2028-02-28 15:00", "2028-03-01 09:00")):
        assert elapsed_s(berlin, utc(start), utc(end)) == 2 * 3600
    assert elapsed_s(berlin, utc("2027-02-26 15:00"), utc("2027-03-01 09:00")) == 2 * 3600  # Friday to Monday
    assert elapsed_s(berlin, utc("2026-05-04 08:00"), utc("2026-05-04 08:00")) == 0


@pytest.mark.parametrize(
    ("text", "zone", "said"),
    [
        ("", "UTC", "no open hour at all"),
        ("Mon-Fri", "UTC", "not a time from-to"),
        ("Mo-Fr 9-17", "UTC", "'mo-fr' is not a day"),
        ("Mon 9-25", "UTC", "not a time of day"),
        ("Mon 9-9", "UTC", "is empty"),
        ("24x7", "Europe/Atlantis", "no such time zone"),
        ("24x7", "../etc/passwd", "no such time zone"),
    ],
)
def test_what_makes_no_calendar_is_refused_with_the_part_that_is_wrong(text: str, zone: str, said: str) -> None:
    with pytest.raises(CalendarError, match=said):
        parse_calendar(text, zone)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Holidays(country="XX"), "'XX'"),
        (Holidays(country="DE", subdivision="QQ"), "DE-QQ"),
        (Holidays(dates=("x",)), "'x'"),
    ],
)
def test_holidays_that_nobody_knows_are_refused(rule: Holidays, said: str) -> None:
    with pytest.raises(CalendarError, match=said):
        parse_calendar("24x7", "UTC", rule)
