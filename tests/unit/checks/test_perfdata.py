"""What plugins print is read as the interface says, and one bad item never costs the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.perfdata import parse_output, parse_perfdata
from checks.result import Metric


@pytest.mark.parametrize(
    ("item", "metric"),
    [
        ("a=1", Metric("a", 1.0)),
        ("a=23.", Metric("a", 23.0)),
        ("a=.42", Metric("a", 0.42)),
        ("a=+1.5E-15", Metric("a", 1.5e-15)),
        ("a=-7ms", Metric("a", -7.0, "ms")),
        ("a=U", Metric("a", None)),
        ("a=U;1;2", Metric("a", None, "", "1", "2")),
        ("a=5c", Metric("a", 5.0, "c")),
        ("a=5furlongs", Metric("a", 5.0, "furlongs")),
        ("a=5%;80;90;0;100", Metric("a", 5.0, "%", "80", "90", 0.0, 100.0)),
        ("a=5;10:20;@~:3", Metric("a", 5.0, "", "10:20", "@~:3")),
        ("a=5;;;0", Metric("a", 5.0, minimum=0.0)),
        ("a=5;;;;", Metric("a", 5.0)),
        ("a=5;", Metric("a", 5.0)),
        ("'my disk'=5MB", Metric("my disk", 5.0, "MB")),
        ("'it''s'=5", Metric("it's", 5.0)),
        ("'a=b'=5", Metric("a=b", 5.0)),
        ("a=b=5", Metric("a=b", 5.0)),
        ("'/var/lib'=5", Metric("/var/lib", 5.0)),
    ],
)
def test_a_valid_item_is_read_whole(item: str, metric: Metric) -> None:
    assert parse_perfdata(item) == ((metric,), ())


@pytest.mark.parametrize(
    "item",
    ["a=1,5", "a=inf", "a=nan", "a=1_2", "a=", "a=;1;2", "=5", "''=5", "junk", "a=0x10", "a=1e999", "a=5;20:10",
     "a=5;;;x", "a=5;1;2;3;4;5", "a=--5", "a=٣"],
)  # fmt: skip
def test_an_invalid_item_is_reported_and_costs_no_other(item: str) -> None:
    metrics, problems = parse_perfdata(f"first=1 {item} last=2")
    assert [metric.name for metric in metrics] == ["first", "last"]
    (problem,) = problems
    assert problem.startswith(item)


def test_the_first_line_the_long_text_and_all_perfdata_are_told_apart() -> None:
    printed = parse_output(
        "DISK OK - free space|/=2643MB;5948;5958;0;5968\n"
        "/ 15272 MB\n/boot 68 MB | /boot=68MB;88;93;0;98\n/home=69357MB\n"
    )
    assert printed.text == "DISK OK - free space"
    assert printed.long_text == "/ 15272 MB\n/boot 68 MB "
    assert [metric.name for metric in printed.metrics] == ["/", "/boot", "/home"]
    assert printed.problems == ()


def test_trailing_semicolons_and_blanks_are_tolerated() -> None:
    metrics, problems = parse_perfdata("  a=1;;;   b=2;5;  \t c=3  ")
    assert [(metric.name, metric.value) for metric in metrics] == [("a", 1.0), ("b", 2.0), ("c", 3.0)]
    assert problems == ()


def test_control_characters_never_reach_a_screen() -> None:
    printed = parse_output("up\x1b[31m red\x07 \u202eevil|\x9ba=1")
    assert printed.text == "up[31m red evil"
    assert [metric.name for metric in printed.metrics] == ["a"]


def test_a_flood_is_cut_and_said() -> None:
    metrics, problems = parse_perfdata(" ".join(f"m{number}=1" for number in range(2000)))
    assert len(metrics) == 1000
    assert problems == ("more than 1000 items: the rest is left out",)


@given(st.text())
def test_no_output_breaks_the_reader(text: str) -> None:
    parse_output(text)


@given(st.text(alphabet="ab '=|;1.", min_size=1).filter(str.strip), st.floats(allow_nan=False, allow_infinity=False))
def test_whatever_a_label_holds_quoting_it_brings_it_back(label: str, value: float) -> None:
    quoted = label.replace("'", "''")
    metrics, problems = parse_perfdata(f"'{quoted}'={value!r}")
    assert [(metric.name, metric.value) for metric in metrics] == [(label, value)]
    assert problems == ()
