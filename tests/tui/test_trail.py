"""The way in, out, back and forth."""

from __future__ import annotations

from console.views.place import Place
from console.views.trail import Trail

HOME, HOSTS, HOST, CHECKS = Place("triage"), Place("ci", class_="host"), Place("ci", "web"), Place("checks")


def test_out_leads_to_where_enter_was_pressed() -> None:
    trail = Trail(HOME)
    trail.go(HOSTS)
    trail.into(HOST)
    assert trail.parents == (HOSTS,)
    assert trail.up() == HOSTS


def test_out_of_a_view_leads_back_and_ends_at_the_beginning() -> None:
    trail = Trail(HOME)
    trail.go(CHECKS)
    assert trail.up() == HOME
    assert trail.up() is None


def test_the_last_place_and_back_again() -> None:
    trail = Trail(HOME)
    trail.go(CHECKS)
    assert (trail.last(), trail.last()) == (HOME, CHECKS)


def test_forward_is_forgotten_by_going_elsewhere() -> None:
    trail = Trail(HOME)
    trail.go(CHECKS)
    assert trail.back() == HOME
    assert trail.can_go_forward
    trail.go(HOSTS)
    assert trail.forward() is None
    assert trail.back() == HOME


def test_a_filter_is_no_step_of_its_own() -> None:
    trail = Trail(HOME)
    trail.go(CHECKS)
    trail.amend(CHECKS.filtered("state=critical"))
    assert trail.here.uri == "checks state=critical"
    assert trail.back() == HOME
