"""Ranges alert exactly as the plugin guidelines and `checks.md` say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.definition import Threshold
from checks.result import State
from checks.threshold import BadRange, Range, parse_range

numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9)


@pytest.mark.parametrize(
    ("text", "alerting", "quiet"),
    [
        ("10", [-0.001, -5, 10.001, 11], [0, 5, 10]),
        ("10:", [9.999, -1, 0], [10, 11, 1e300]),
        (":10", [-1, 11], [0, 10]),
        ("~:10", [10.001, 11], [10, 0, -1e300]),
        ("10:20", [9.999, 20.001], [10, 15, 20]),
        ("@10:20", [10, 15, 20], [9.999, 20.001]),
        ("@10", [0, 10], [-0.1, 10.1]),
        ("@~:0", [0, -1], [0.1]),
        ("-10:-5", [-11, -4], [-10, -5]),
        ("0:0", [0.1, -0.1], [0]),
        ("1e3", [1001], [1000]),
        (".5:1.", [0.4, 1.1], [0.5, 1]),
        ("~:", [], [-1e300, 0, 1e300]),
    ],
)
def test_a_range_alerts_where_it_says(text: str, alerting: list[float], quiet: list[float]) -> None:
    parsed = parse_range(text)
    assert [value for value in (*alerting, *quiet) if parsed.alerts(value)] == alerting


@pytest.mark.parametrize(
    "text",
    ["", "@", "~", "20:10", "@20:10", "10 ", " 10", "10:20x", "10:20:30",
     "1,5", "10:~", "inf", "nan", "1_0", "٣", "--1", "~10", "5;6"],
)  # fmt: skip
def test_what_is_no_range_is_refused_by_its_text(text: str) -> None:
    with pytest.raises(BadRange, match="is no range"):
        parse_range(text)


@given(numbers, numbers, numbers)
def test_turning_a_range_round_alerts_on_exactly_the_other_values(one: float, other: float, value: float) -> None:
    start, end = sorted((one, other))
    assert parse_range(f"{start!r}:{end!r}").alerts(value) != parse_range(f"@{start!r}:{end!r}").alerts(value)


@given(numbers, numbers)
def test_both_ends_belong_to_a_range(one: float, other: float) -> None:
    start, end = sorted((one, other))
    parsed = Range(start, end)
    assert not parsed.alerts(start)
    assert not parsed.alerts(end)


@pytest.mark.parametrize(
    ("threshold", "value", "state"),
    [
        (Threshold("80", "90"), 70, State.OK),
        (Threshold("80", "90"), 85, State.WARNING),
        (Threshold("80", "90"), 95, State.CRITICAL),
        (Threshold("90", "80"), 95, State.CRITICAL),
        (Threshold(None, "80"), 95, State.CRITICAL),
        (Threshold("80", None), 95, State.WARNING),
        (Threshold(), 95, State.OK),
        (Threshold("80", "90"), None, State.UNKNOWN),
        (Threshold("80", "90"), float("nan"), State.UNKNOWN),
    ],
)
def test_critical_comes_before_warning(threshold: Threshold, value: float | None, state: State) -> None:
    assert threshold.judge(value) is state


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("90", "at most 90"),
        ("10:", "at least 10"),
        ("~:3", "at most 3"),
        ("10:20", "between 10 and 20"),
        ("@10:20", "not between 10 and 20"),
        ("0:0", "0"),
        ("~:", "any value"),
    ],
)
def test_a_range_says_in_words_what_it_wants(text: str, words: str) -> None:
    assert parse_range(text).wanted() == words
