"""When planned maintenance is open: fixed, flexible and recurring, over changes of the clocks too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.practices.maintenance import Window, WindowError, open_at, open_spans, verify


def at(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def window(**given: Any) -> Window:
    said = {"title": "work", "select": "class=host", "start": at("2026-03-01"), "end": at("2026-05-01"), **given}
    return Window(**said)


def hours(spans: Any) -> list[str]:
    return [f"{span.start:%m-%d %H:%M}-{span.end:%H:%M}" for span in spans]


def test_a_fixed_window_is_open_from_its_start_to_its_end() -> None:
    fixed = window(start=at("2026-03-01T10:00"), end=at("2026-03-01T12:00"))
    assert open_at(fixed, at("2026-03-01T09:59:59")) is None
    assert open_at(fixed, at("2026-03-01T10:00")) is not None
    assert open_at(fixed, at("2026-03-01T12:00")) is None


def test_a_window_ended_early_is_over() -> None:
    ended = window(start=at("2026-03-01T10:00"), end=at("2026-03-01T12:00"), ended_at=at("2026-03-01T11:00"))
    assert hours(open_spans(ended, at("2026-03-01"), at("2026-03-02"))) == ["03-01 10:00-11:00"]
    assert open_at(ended, at("2026-03-01T11:30")) is None


def test_a_flexible_window_begins_with_the_first_problem_and_lasts_its_length() -> None:
    flexible = window(start=at("2026-03-01T20:00"), end=at("2026-03-01T23:00"), lasts_s=7200)
    early, first, later = at("2026-03-01T19:00"), at("2026-03-01T22:30"), at("2026-03-01T22:45")
    assert open_at(flexible, first) is None
    assert open_at(flexible, first, [early]) is None
    span = open_at(flexible, first, [early, later, first])
    assert span == (first, first + timedelta(hours=2))
    assert open_at(flexible, at("2026-03-02T00:15"), [first]) is not None, "it lasts past the end of its window"


def test_a_recurring_window_follows_the_clock_on_the_wall() -> None:
    nights = window(repeats="Sun 02:00-04:00", timezone="Europe/Berlin")
    spans = open_spans(nights, at("2026-03-20"), at("2026-04-07"))
    # On 29 March the clocks skip 02:00 to 03:00: of the two hours one is left.
    assert hours(spans) == ["03-22 01:00-03:00", "03-29 01:00-02:00", "04-05 00:00-02:00"]


@pytest.mark.parametrize(
    ("weeks", "days"),
    [((1,), ["03-01", "04-05"]), ((3,), ["03-15", "04-19"]), ((-1,), ["03-29", "04-26"]), ((5,), ["03-29"]),
     ((1, -1), ["03-01", "03-29", "04-05", "04-26"])],
)  # fmt: skip
def test_a_monthly_window_is_open_in_its_weeks(weeks: tuple[int, ...], days: list[str]) -> None:
    monthly = window(repeats="Sun 12:00-13:00", weeks=weeks)
    assert [f"{span.start:%m-%d}" for span in open_spans(monthly, at("2026-03-01"), at("2026-05-01"))] == days


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    last_saturday = window(repeats="Sat 22:00-02:00", weeks=(-1,))
    span = open_at(last_saturday, at("2026-03-29T01:00"))
    assert span == (at("2026-03-28T22:00"), at("2026-03-29T02:00"))


def test_a_recurring_window_keeps_within_its_first_and_last_day() -> None:
    bounded = window(repeats="Mon-Sun 00:00-24:00", start=at("2026-03-10T06:00"), end=at("2026-03-11T06:00"))
    spans = open_spans(bounded, at("2026-03-01"), at("2026-04-01"))
    assert spans == ((at("2026-03-10T06:00"), at("2026-03-11T06:00")),)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"end": at("2026-02-01")}, "before it begins"),
        ({"lasts_s": 60.0, "repeats": "Sun 02:00-04:00"}, "either flexible"),
        ({"weeks": (1,)}, "say when it repeats"),
        ({"weeks": (7,), "repeats": "Sun 02:00-04:00"}, "weeks are 1 to 5"),
        ({"select": " "}, "covers everything"),
        ({"timezone": "Mars/Olympus"}, "no such time zone"),
        ({"repeats": "So 02:00-04:00"}, "not a day"),
    ],
)
def test_a_window_that_cannot_be_is_refused_with_the_reason(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(WindowError, match=words):
        verify(window(**wrong))


@given(st.integers(0, 60 * 24 * 60), st.sampled_from(["", "Sun 02:00-04:00", "Mon-Fri 22:00-06:00"]))
def test_open_at_and_open_spans_agree(minute: int, repeats: str) -> None:
    one = window(repeats=repeats, timezone="Europe/Berlin")
    moment = one.start + timedelta(minutes=minute)
    spans = open_spans(one, one.start, one.end + timedelta(days=9))
    assert (open_at(one, moment) is not None) == any(span.start <= moment < span.end for span in spans)
