"""Whose turn it is, on the days when clocks are changed too."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.model.oncall import Override, OverrideKind, Rotation, Schedule
from cmdb.practices.oncall import Load, duties, fairness, gaps, on_call, override_error
from cmdb.practices.rotation import rotation_error, shifts
from cmdb.practices.span import Span

CHICAGO = Schedule(
    name="ops",
    timezone="America/Chicago",
    rotations=(Rotation(turns=(("rab",), ("baz",)), start=datetime(2020, 3, 1, 2, 30), every="1d"),),
)
THREE = Schedule(name="ops", rotations=(Rotation(turns=(("rab", "baz", "bin"),), start=datetime(2026, 1, 1)),))
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def override(kind: OverrideKind, *people: str, instead_of: str | None = None, id_: str = "1") -> Override:
    end = AT + timedelta(hours=1)
    return Override(id=id_, schedule="ops", kind=kind, people=people, instead_of=instead_of, start=AT, end=end)


def test_a_hand_off_that_the_clocks_skip_is_at_the_change_and_next_day_at_its_hour_again() -> None:
    found = list(
        shifts(CHICAGO.rotations[0], "America/Chicago", Span(utc("2020-03-07T12:00Z"), utc("2020-03-09T12:00Z")))
    )
    assert [shift.start for shift in found] == [
        utc("2020-03-07T02:30-06:00"),
        utc("2020-03-08T03:00-05:00"),
        utc("2020-03-09T02:30-05:00"),
    ]


def test_a_hand_off_that_comes_twice_is_at_the_first() -> None:
    autumn = Rotation(turns=(("a",), ("b",)), start=datetime(2020, 10, 30, 1, 30), every="1d")
    found = list(shifts(autumn, "America/Chicago", Span(utc("2020-11-01T00:00-05:00"), utc("2020-11-02T12:00Z"))))
    assert [shift.start for shift in found][1] == utc("2020-11-01T01:30-05:00")
    assert (found[1].end - found[1].start) == timedelta(hours=25)


def test_shifts_hold_their_start_and_not_their_end() -> None:
    hand_off = utc("2020-03-08T03:00-05:00")
    assert on_call(CHICAGO, [], hand_off - timedelta(seconds=1)) == {"rab"}
    assert on_call(CHICAGO, [], hand_off) == {"baz"}


def test_nobody_is_on_call_before_a_rotation_starts() -> None:
    assert on_call(CHICAGO, [], utc("2020-02-29T12:00Z")) == frozenset()


def test_a_rotation_may_hold_only_at_certain_hours() -> None:
    days = Rotation(turns=(("mia",),), start=datetime(2026, 1, 1), hours="Mon-Fri 09:00-17:00")
    schedule = Schedule(name="ops", timezone="Europe/Berlin", rotations=(days,))
    assert on_call(schedule, [], utc("2026-03-02T09:00+01:00")) == {"mia"}
    assert on_call(schedule, [], utc("2026-03-02T17:00+01:00")) == frozenset()
    assert on_call(schedule, [], utc("2026-03-07T12:00+01:00")) == frozenset()


def test_overrides_add_replace_and_remove() -> None:
    overrides = [
        override(OverrideKind.ADD, "foo"),
        override(OverrideKind.REPLACE, "bar", instead_of="rab"),
        override(OverrideKind.REMOVE, "baz"),
    ]
    assert on_call(THREE, overrides, AT) == {"bar", "bin", "foo"}
    assert on_call(THREE, overrides, AT + timedelta(hours=1)) == {"rab", "baz", "bin"}


def test_a_replacement_acts_only_where_the_replaced_one_is() -> None:
    assert on_call(THREE, [override(OverrideKind.REPLACE, "bar", instead_of="nobody")], AT) == {"rab", "baz", "bin"}


def test_a_temporary_schedule_replaces_everything() -> None:
    overrides = [override(OverrideKind.ADD, "foo"), override(OverrideKind.TEMPORARY, "eve")]
    assert on_call(THREE, overrides, AT) == {"eve"}


def test_the_second_of_two_identical_concurrent_overrides_is_an_error() -> None:
    first = override(OverrideKind.ADD, "foo", id_="o-1")
    assert "o-1 says the same already" in override_error(override(OverrideKind.ADD, "foo"), [first])
    assert override_error(override(OverrideKind.ADD, "bar"), [first]) == ""
    later = Override(
        id="2",
        schedule="ops",
        kind=OverrideKind.ADD,
        people=("foo",),
        start=first.end,
        end=first.end + timedelta(hours=1),
    )
    assert override_error(later, [first]) == ""


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (override(OverrideKind.ADD), "names nobody"),
        (override(OverrideKind.REPLACE, "bar"), "who comes and who goes"),
        (Override(id="1", schedule="ops", kind=OverrideKind.ADD, people=("x",), start=AT, end=AT), "ends before"),
    ],
)
def test_an_override_that_says_nothing_is_refused(wrong: Override, why: str) -> None:
    assert why in override_error(wrong, [])


@pytest.mark.parametrize(
    ("rotation", "why"),
    [
        (Rotation(turns=(), start=datetime(2026, 1, 1)), "nobody"),
        (Rotation(turns=(("a",),), start=datetime(2026, 1, 1), every="5m"), "shorter than an hour"),
        (Rotation(turns=(("a",),), start=datetime(2026, 1, 1), every="often"), "not a length of time"),
        (Rotation(turns=(("a",),), start=AT), "without one"),
        (Rotation(turns=(("a",),), start=datetime(2026, 1, 1), hours="always"), "always"),
    ],
)
def test_a_wrong_rotation_says_what_is_wrong(rotation: Rotation, why: str) -> None:
    assert why in rotation_error(rotation, "UTC")


def test_gaps_are_found() -> None:
    nights = Rotation(turns=(("mia",),), start=datetime(2026, 1, 1), hours="Mon-Sun 18:00-08:00")
    schedule = Schedule(name="ops", rotations=(nights,))
    window = Span(utc("2026-03-02T00:00Z"), utc("2026-03-03T00:00Z"))
    assert gaps(schedule, [], window) == [Span(utc("2026-03-02T08:00Z"), utc("2026-03-02T18:00Z"))]
    covered = Override(
        id="1", schedule="ops", kind=OverrideKind.ADD, people=("eve",),
        start=utc("2026-03-02T08:00Z"), end=utc("2026-03-02T18:00Z"),
    )  # fmt: skip
    assert gaps(schedule, [covered], window) == []


def test_fairness_counts_nights_and_weekends() -> None:
    weekly = Rotation(turns=(("mia",), ("rab",)), start=datetime(2026, 3, 2), every="1w")
    schedule = Schedule(name="ops", timezone="Europe/Berlin", rotations=(weekly,))
    window = Span(utc("2026-03-02T00:00+01:00"), utc("2026-03-16T00:00+01:00"))
    assert fairness(schedule, [], window) == {"mia": Load(168, 56, 48), "rab": Load(168, 56, 48)}


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    st.sampled_from(["1h", "8h", "12h", "1d", "7d"]),
    st.sampled_from(["America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "UTC"]),
)
def test_duties_leave_no_moment_out_and_agree_with_who_is_on_call(moment: datetime, every: str, zone: str) -> None:
    rotation = Rotation(turns=(("a",), ("b",), ("c", "d")), start=datetime(2019, 12, 1, 2, 30), every=every)
    schedule = Schedule(name="ops", timezone=zone, rotations=(rotation,))
    window = Span(moment.replace(tzinfo=UTC), moment.replace(tzinfo=UTC) + timedelta(days=3))
    found = duties(schedule, [], window)
    assert (found[0].start, found[-1].end) == window
    assert all(left.end == right.start and left.people != right.people for left, right in itertools.pairwise(found))
    for duty in found:
        assert duty.people == on_call(schedule, [], duty.start)
        assert duty.people
