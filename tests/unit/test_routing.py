"""Routing, grouping and silences, as Alertmanager publishes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cmdb.model.silence import Silence
from cmdb.practices.grouping import Group, due_at
from cmdb.practices.matcher import Matcher, matches_nothing_in_particular, parse_matcher
from cmdb.practices.routing import ROOT, Route, group_key, routes_of
from cmdb.practices.silence import ending_soon, silence_error, silenced_by

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "labels", "holds"),
    [
        ("site=ber", {"site": "ber"}, True),
        ("site=ber", {"site": "berlin"}, False),
        ('site="ber"', {"site": "ber"}, True),
        ("site!=ber", {}, True),
        ('site=""', {}, True),
        ("site=~be.*", {"site": "berlin"}, True),
        ("site=~be", {"site": "berlin"}, False),  # anchored at both ends
        ("site!~be.*", {"site": "muc"}, True),
        ("site=~.*", {}, True),
    ],
)
def test_a_matcher_holds_or_not(text: str, labels: dict[str, str], holds: bool) -> None:
    assert parse_matcher(text).matches(labels) is holds


@pytest.mark.parametrize("text", ["site", "=x", "site~x", "site=~(", "9=x"])
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no "):
        parse_matcher(text)


def test_a_set_of_matchers_that_would_hold_for_everything_is_known() -> None:
    assert matches_nothing_in_particular([Matcher("a", "=~", ".*"), Matcher("b", "!=", "x")])
    assert not matches_nothing_in_particular([Matcher("a", "=~", ".*"), Matcher("b", "=", "x")])


TREE = Route(
    policy="default",
    group_by=("site",),
    routes=(
        Route(name="audit", matchers=(Matcher("class", "=", "database"),), policy="auditors", goes_on=True),
        Route(
            name="db",
            matchers=(Matcher("class", "=", "database"),),
            policy="dba",
            group_wait_s=10.0,
            routes=(Route(name="db-p1", matchers=(Matcher("priority", "=", "1"),), policy="dba-now"),),
        ),
        Route(name="web", matchers=(Matcher("class", "=~", "endpoint|software"),), policy="web"),
        Route(name="never", matchers=(Matcher("class", "=", "endpoint"),), policy="nobody"),
    ),
)


@pytest.mark.parametrize(
    ("labels", "taken"),
    [
        ({"class": "host"}, ["root"]),
        ({"class": "database", "priority": "3"}, ["audit", "db"]),
        ({"class": "database", "priority": "1"}, ["audit", "db-p1"]),
        ({"class": "endpoint"}, ["web"]),
    ],
)
def test_a_tree_gives_the_deepest_matches_and_stops_unless_told_to_go_on(
    labels: dict[str, str], taken: list[str]
) -> None:
    assert [route.name for route in routes_of(TREE, labels)] == taken


def test_a_route_has_from_its_parents_what_it_does_not_say() -> None:
    (_, route) = routes_of(TREE, {"class": "database", "priority": "1"})
    assert (route.policy, route.group_by, route.group_wait_s, route.repeat_interval_s) == (
        "dba-now", ("site",), 10.0, 4 * 3600.0,
    )  # fmt: skip


def test_incidents_of_one_group_share_its_key() -> None:
    (route,) = routes_of(TREE, {"class": "host"})
    assert group_key(route, {"site": "ber"}, 1) == group_key(route, {"site": "ber", "class": "x"}, 2)
    assert group_key(route, {"site": "ber"}, 1) != group_key(route, {"site": "muc"}, 1)
    alone = Route(group_by=("...",))
    assert group_key(alone, {}, 1) != group_key(alone, {}, 2)


def test_a_group_waits_then_tells_of_growth_after_its_interval_and_repeats_after_hours() -> None:
    new = Group(began_at=NOW, firing=(1,))
    assert due_at(new, ROOT) == NOW + timedelta(seconds=30)
    same = Group(began_at=NOW, firing=(1,), told=(1,), told_at=NOW)
    assert due_at(same, ROOT) == NOW + timedelta(hours=4)
    grown = Group(began_at=NOW, firing=(1, 2), told=(1,), told_at=NOW)
    assert due_at(grown, ROOT) == NOW + timedelta(minutes=5)
    shrunk = Group(began_at=NOW, firing=(2,), told=(1, 2), told_at=NOW)
    assert due_at(shrunk, ROOT) == NOW + timedelta(hours=4)


def silence(*matchers: str, reason: str = "moving racks", hours: float = 2) -> Silence:
    return Silence(id="1", matchers=matchers, start=NOW, end=NOW + timedelta(hours=hours), by="mia", reason=reason)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (silence(), "at least one matcher"),
        (silence("site=~.*"), "at least one matcher"),
        (silence('site=""'), "at least one matcher"),
        (silence("site=ber", reason=" "), "reason"),
        (silence("site=ber", hours=0), "ends before"),
        (silence("site"), "no matcher"),
        (silence("site=ber"), ""),
    ],
)
def test_a_silence_has_an_end_a_reason_and_a_matcher_that_means_something(given: Silence, why: str) -> None:
    assert why in silence_error(given)
    assert bool(silence_error(given)) is bool(why)


def test_a_silence_holds_from_its_start_up_to_its_end() -> None:
    one = silence("site=ber", "class=~host|endpoint")
    labels = {"site": "ber", "class": "host"}
    assert silenced_by([one], labels, NOW) is one
    assert silenced_by([one], labels, one.end) is None
    assert silenced_by([one], {"site": "ber"}, NOW) is None


def test_silences_about_to_end_are_listed() -> None:
    long, short = silence("site=ber", hours=3), silence("site=muc", hours=1)
    assert ending_soon([long, short], NOW) == [short]
    assert ending_soon([long, short], NOW + timedelta(hours=2.5)) == [long]
