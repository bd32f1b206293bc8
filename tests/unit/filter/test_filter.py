"""What filters mean, and that a filter's text is the filter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cmdb.filter import FilterError, parse
from cmdb.filter.expression import Condition, Operator, Term, Text, Value
from cmdb.filter.filter import Filter
from cmdb.model.kind import Kind

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOST: dict[str, Any] = {
    "id": "host-1",
    "class": "host",
    "name": "web-1",
    "host": "host-1",
    "version": 7,
    "attributes": {"site": "ber", "architecture": "x86_64"},
    "metrics": {"load_1m": 0.5},
    "overrides": {"owner": "mia"},
}
PACKAGE: dict[str, Any] = {
    "id": "package-1",
    "class": "package",
    "name": "openssl",
    "host": "host-1",
    "status": "in_use",
    "version": 3,
    "first_seen": datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    "attributes": {
        "version": "3.0.11-1~deb12u2",
        "purl": "pkg:deb/debian/openssl@3.0.11-1~deb12u2",
        "size_bytes": 12 * 2**30,
        "latency_ms": 250.0,
        "groups": ["crypto", "base"],
        "essential": True,
        "full_name": "Secure Sockets Layer",
        "net.ipv4.ip_forward": "1",
        "expires": "2027-01-01T00:00:00Z",
        "owner": "nobody",
    },
    "overrides": {"owner": "tom"},
    "metrics": {"used_percent": 81.5},
}
RECORDS = {record["id"]: record for record in (HOST, PACKAGE)}


def holds(text: str, document: dict[str, Any] | None = None) -> bool:
    return parse(text).matches(document or PACKAGE, now=NOW, related=RECORDS.get)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "class=package name~openssl version<3.0.13 host.site=ber",
        "class=package,unit",
        "class=unit|package",
        "name=open*",
        "name=*ssl",
        "name=o*n*l",
        "name~PENS",
        "name~op*sl",
        "name=~^open(ssl)?$",
        "name!~nginx name!=nginx",
        "!name=nginx !name~nginx !nginx",
        "OPENSSL",
        '"secure sockets"',
        "secure",
        "~opnsl",
        "version<3.0.11-1",  # a tilde is earlier than nothing
        "version>=3.0.11-1~deb12u2 version<=3.0.11-1~deb12u2",
        "version>3.0.9",  # 11 is more than 9
        "owner=tom attributes.owner=nobody",
        "host=web-1 host=host-1 host.name=web-1 host.owner=mia",
        "size_bytes>10GiB size_bytes=12G size_bytes<13GB",
        "latency_ms<1s latency_ms=250ms latency_ms=0.25s",
        "used_percent>80% used_percent<=81.5 metrics.used_percent>81",
        "groups=base groups~cry groups!=other",
        "essential=yes essential=true essential!=no",
        "first_seen<-1d first_seen>-2d first_seen=2026-11-20 first_seen<2026-11-21",
        "first_seen<=2026-11-20 first_seen>=2026-11-20T09:30 first_seen<now first_seen<today",
        "age>1d age<2d",
        "expires>2026-12-31 expires>+30d",
        'nothing="" nothing!=x nothing!~x !nothing=x',
        "net.ipv4.ip_forward=1",
        'full_name="Secure Sockets Layer"',
        'name="openssl"',
    ],
)
def test_these_hold(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "class=pack",
        "name=OpenSSL",
        "name=*nss",
        'name="open*"',
        "name=~^ssl",
        "!openssl",
        "!class=package",
        "~lsnpo",
        "version<3.0.9",
        "version<3.0.11-1~deb12u2",
        "host.site=muc",
        "size_bytes>13GB",
        "groups!=base",
        "essential=no",
        "first_seen>2026-11-20",
        "first_seen<2026-11-20",
        "first_seen>-1d",
        "nothing=x",
        "nothing<3",
        "nothing>3",
        "nothing~x",
        'name=""',
        "name=nginx,unit",
        "name!=nginx,openssl",
        "class=package class=unit",
        "used_percent<abc",
    ],
)
def test_these_do_not(text: str) -> None:
    assert not holds(text)


def test_a_record_without_attributes_has_a_version_of_its_own() -> None:
    assert parse("version=7").matches({"id": "12", "version": 7, "title": "disk full"})


def test_the_same_filter_moves_with_the_clock() -> None:
    recent = parse("first_seen>-2h")
    assert recent.matches(PACKAGE, now=datetime(2026, 11, 20, 11, 0, tzinfo=UTC))
    assert not recent.matches(PACKAGE, now=NOW)


def test_indexed_equalities_are_those_that_an_index_can_answer() -> None:
    found = parse("class=package name=open* status=in_use,missing host=web-1 !status=retired version=3 site=ber")
    assert found.equals(Kind.CI) == {"class": "package"}
    assert parse('state="open" key=a').equals(Kind.INCIDENT) == {"state": "open", "key": "a"}
    assert parse('status=""').equals(Kind.CI) == {}


@pytest.mark.parametrize(
    ("text", "position", "why"),
    [
        ("name=", 5, "a value after name= is missing"),
        ("name=web class=", 15, "a value after class= is missing"),
        ("name=a,", 7, "another value is missing"),
        ("=web", 0, "a field's name is missing"),
        ("<3", 0, "a field's name is missing"),
        ('name="web', 5, 'closing "'),
        ('name=a"b"', 6, "a space is missing"),
        ("!", 1, "a word is missing"),
        ("!!a", 1, "a word cannot begin with !"),
        ("name=~(", 6, "not a regular expression"),
        ("name=~(a+)+$", 6, "a group cannot be repeated"),
        ("name=~a*a*a*a*b", 6, "at most 3 repetitions"),
        ("name=<3", 5, "cannot begin with <: put it in quotes"),
        (" ".join(["a"] * 65), 128, "at most 64"),
    ],
)
def test_an_error_says_where(text: str, position: int, why: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert why in caught.value.why
    assert caught.value.position == position
    lines = caught.value.shown().splitlines()
    assert lines[1][lines[2].index("^") : lines[2].index("^") + 1] == text[position : position + 1]


def test_a_filter_of_any_length_is_refused_at_once() -> None:
    with pytest.raises(FilterError, match="at most 4096"):
        parse("a" * 5000)


words = st.text(st.characters(exclude_categories=["Z", "C"], exclude_characters='",|!=~<>'), min_size=1, max_size=8)
values = st.builds(Value, words) | st.builds(Value, st.text(max_size=8), st.just(True))
several = st.lists(values, min_size=1, max_size=3).map(tuple)
fields = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)
operators = st.sampled_from([operator for operator in Operator if operator is not Operator.MATCHES])
patterns = st.sampled_from([Value("^web-[0-9]+$"), Value("a b", quoted=True), Value('x"y'), Value("", quoted=True)])
conditions = st.builds(Condition, fields, operators, several, st.booleans()) | st.builds(
    Condition, fields, st.just(Operator.MATCHES), patterns.map(lambda value: (value,)), st.booleans()
)
texts = st.builds(Text, several, st.booleans(), st.booleans())
terms: st.SearchStrategy[Term] = conditions | texts


@given(st.lists(terms, max_size=4).map(lambda found: Filter(tuple(found))))
def test_what_is_written_is_read_as_the_same_filter(found: Filter) -> None:
    assert parse(str(found)) == found


@given(st.text(max_size=40) | st.text('ab=~!<>,|"\\ *', max_size=16))
@example('a="\\"" b')
def test_any_text_is_a_filter_or_an_error(text: str) -> None:
    position = None
    try:
        found = parse(text)
    except FilterError as error:
        position = error.position
    if position is None:
        assert parse(str(found)) == found
        found.matches(PACKAGE, now=NOW)
    else:
        assert 0 <= position <= len(text)


@given(terms)
def test_a_term_and_its_negation_never_agree(term: Term) -> None:
    if isinstance(term, Text):
        other: Term = Text(term.values, term.fuzzy, not term.negated)
    else:
        other = Condition(term.field, term.operator, term.values, not term.negated)
    assert Filter((term,)).matches(PACKAGE, now=NOW) != Filter((other,)).matches(PACKAGE, now=NOW)


@given(st.timedeltas(timedelta(0), timedelta(days=300)))
def test_a_record_is_older_or_younger_than_any_age_but_its_own(age: timedelta) -> None:
    document = {"id": "1", "since": NOW - age}
    seconds = age.total_seconds()
    assert parse(f"age<={seconds + 1}").matches(document, now=NOW)
    assert not parse(f"age<{seconds}").matches(document, now=NOW)
