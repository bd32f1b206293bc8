"""A place as words, and back."""

from __future__ import annotations

import pytest

from console.views.place import NoSuchPlace, Place, parse, suggestions


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("triage", Place("triage")),
        (":checks state!=ok sort=-since", Place("checks", filter="state!=ok", sort="-since")),
        ("hosts site=ber", Place("ci", class_="host", filter="site=ber")),
        ("memory", Place("ci", class_="memory")),
        ("cmdb", Place("classes")),
        ("ci class=package name~ssl", Place("ci", class_="package", filter="name~ssl")),
        ("INC-12", Place("incident", "12")),
        ("#12", Place("incident", "12")),
        ("12", Place("incident", "12")),
        ("incident INC-7", Place("incident", "7")),
        ("ci web-1.ber", Place("ci", "web-1.ber")),
        ("check web-1/tcp/0.0.0.0:80", Place("check", "web-1/tcp/0.0.0.0:80")),
        ("checks /^web/", Place("checks", filter="/^web/")),
        ("sla gold", Place("agreement", "gold")),
        ("sla", Place("sla")),
    ],
)
def test_words_lead_to_a_place(words: str, place: Place) -> None:
    assert parse(words) == place


@pytest.mark.parametrize(
    "words",
    ["triage", "checks state!=ok sort=-since", "hosts site=ber", "INC-12", "ci web-1.ber", "cmdb", "check web/tcp"],
)
def test_a_place_says_the_words_that_lead_to_it(words: str) -> None:
    assert parse(parse(words).uri) == parse(words)
    assert parse(words).uri == words


@pytest.mark.parametrize("words", ["", "nonsense", ":", "nonsense state=ok"])
def test_other_words_lead_nowhere_and_say_what_would(words: str) -> None:
    with pytest.raises(NoSuchPlace, match="triage"):
        parse(words)


def test_words_are_completed() -> None:
    assert suggestions("ch")[0] == "checks"
    assert "hosts" in suggestions("h")
