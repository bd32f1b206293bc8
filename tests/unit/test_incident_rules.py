"""The tables of incidents: which step follows which state, what impact and urgency weigh, who answers for what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from cmdb.config import IncidentSection
from cmdb.model.incident import Incident
from cmdb.practices import major
from cmdb.practices.incident import (
    AlreadyAcknowledged,
    acknowledged,
    assigned,
    closed,
    held,
    is_stale,
    merged,
    noted,
    overridden,
    rearmed,
    reopened,
    resolved,
    resumed,
    tied,
    took_over,
)
from cmdb.practices.incident_state import TRANSITIONS, Action, NotPossible, State, after
from cmdb.practices.priority import due, impact_of, priority_of, urgency_of

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MATRIX = IncidentSection().matrix

# state: what each action makes of it; "-" cannot be.
TABLE = """
              acknowledge  start        hold     resume       resolve   reopen  rearm  close   weigh
new           acknowledged in_progress  on_hold  -            resolved  -       -      -       new
acknowledged  -            in_progress  on_hold  -            resolved  -       new    -       acknowledged
in_progress   in_progress  -            on_hold  -            resolved  -       new    -       in_progress
on_hold       on_hold      -            -        in_progress  resolved  -       new    -       on_hold
resolved      -            -            -        -            -         new     -      closed  -
closed        -            -            -        -            -         -       -      -       -
"""


def cells() -> list[tuple[State, Action, str]]:
    head, *rows = TABLE.split("\n")[1:-1]
    actions = [Action(word) for word in head.split()]
    return [
        (State(row.split()[0]), action, cell)
        for row in rows
        for action, cell in zip(actions, row.split()[1:], strict=True)
    ]


@pytest.mark.parametrize(("state", "action", "expected"), cells())
def test_every_state_has_its_steps_and_no_others(state: State, action: Action, expected: str) -> None:
    if expected == "-":
        with pytest.raises(NotPossible, match=state.replace("_", " ")):
            after(state, action)
    else:
        assert after(state, action) is State(expected)


def test_the_table_is_whole() -> None:
    assert {(state, action) for state, action, _ in cells()} == {
        (state, action) for state in State for action in Action
    }
    assert len(TRANSITIONS) == sum(expected != "-" for *_, expected in cells())


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [(1, 1, 1), (1, 2, 2), (2, 1, 2), (1, 3, 3), (2, 2, 3), (3, 1, 3), (2, 3, 4), (3, 2, 4), (3, 3, 5)],
)
def test_priority_is_impact_by_urgency(impact: int, urgency: int, priority: int) -> None:
    assert priority_of(impact, urgency, MATRIX) == priority


def test_the_matrix_may_be_another() -> None:
    strict = msgspec.convert({"matrix": [[1, 1, 1], [1, 2, 2], [2, 3, 3]]}, IncidentSection).matrix
    assert [priority_of(impact, urgency, strict) for impact in (1, 2, 3) for urgency in (1, 2, 3)] == [
        1, 1, 1, 1, 2, 2, 2, 3, 3,
    ]  # fmt: skip
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"matrix": [[1, 2, 3], [2, 3, 4], [3, 4, 6]]}, IncidentSection)


@pytest.mark.parametrize(
    ("severity", "redundancy_left", "urgency"),
    [("critical", False, 1), ("critical", True, 2), ("warning", False, 2), ("warning", True, 3), ("unknown", True, 3)],
)
def test_urgency_is_the_severity_one_step_lower_while_redundancy_is_left(
    severity: str, redundancy_left: bool, urgency: int
) -> None:
    assert urgency_of(severity, redundancy_left=redundancy_left) == urgency


def test_impact_is_that_of_the_most_critical_service() -> None:
    assert (impact_of([3, 1, 2], 2), impact_of([], 2)) == (1, 2)


def test_due_times_count_from_the_opening_by_priority() -> None:
    assert due(NOW, 2, (15, 30, 120, 480, 1440)) == NOW + timedelta(minutes=30)


def incident(**fields: object) -> Incident:
    blank = Incident(id="7", number=7, title="t", priority=3, impact=2, urgency=2, key="k", opened_at=NOW)
    return msgspec.structs.replace(blank, **fields)


LATER = NOW + timedelta(minutes=3)


def test_the_second_who_acknowledges_learns_who_was_first() -> None:
    first = acknowledged(incident(), "mia", NOW)
    with pytest.raises(AlreadyAcknowledged, match="acknowledged by mia at 2026-03-02T12:00:00Z"):
        acknowledged(first, "rab", LATER)


def test_a_closed_incident_cannot_be_acknowledged() -> None:
    with pytest.raises(NotPossible, match="closed cannot be acknowledged"):
        acknowledged(closed(incident(), "mia", NOW), "rab", LATER)


def test_an_acknowledgement_ends_on_resolve_and_stays_on_record() -> None:
    over = resolved(acknowledged(incident(), "mia", NOW), "mia", LATER)
    assert (over.state, over.acknowledged_by) == ("resolved", "mia")
    again = reopened(over, "hub", LATER, "it is back")
    assert (again.state, again.acknowledged_by, again.reopened) == ("new", None, 1)


def test_getting_worse_rearms_what_somebody_acknowledged_and_nothing_else() -> None:
    worse = rearmed(acknowledged(incident(), "mia", NOW), LATER, "another CI is affected")
    assert (worse.state, worse.acknowledged_by, worse.rearmed) == ("new", None, 1)
    assert worse.timeline[-1].text == "another CI is affected; mia had acknowledged it"
    assert rearmed(incident(), LATER, "x") == incident()


@pytest.mark.parametrize(
    ("state", "acknowledged_h_ago", "stale"),
    [("acknowledged", 9, True), ("in_progress", 9, True), ("acknowledged", 7, False), ("resolved", 9, False)],
)
def test_an_old_acknowledgement_of_what_is_still_open_is_stale(
    state: str, acknowledged_h_ago: int, stale: bool
) -> None:
    assert is_stale(state, NOW - timedelta(hours=acknowledged_h_ago), NOW - timedelta(hours=8)) is stale


def test_each_step_is_on_the_timeline_with_who_when_and_why() -> None:
    one = assigned(incident(), "mia", NOW, "rab", "knows it")
    one = resumed(held(one, "rab", NOW, "waiting for parts"), "rab", NOW, "parts are here")
    one = tied(noted(one, "rab", NOW, "new disk"), "rab", NOW, 9)
    one = merged(one, "rab", LATER, 9, "the same disk")
    assert [(entry.who, entry.what, entry.text) for entry in one.timeline] == [
        ("mia", "assigned", "to rab: knows it"),
        ("rab", "put on hold", "waiting for parts"),
        ("rab", "resumed", "parts are here"),
        ("rab", "note", "new disk"),
        ("rab", "linked", "with INC-9"),
        ("rab", "merged", "into INC-9: the same disk"),
    ]
    assert (one.state, one.merged_into, one.links, one.closed_at) == ("closed", 9, (9,), LATER)


def test_taking_it_up_or_going_on_answers_it_and_holding_it_does_not() -> None:
    assert assigned(incident(), "mia", NOW, "rab").acknowledged_by == "mia"
    on_hold = held(incident(), "mia", NOW, "waiting")
    assert on_hold.acknowledged_by is None
    assert resumed(on_hold, "rab", LATER).acknowledged_by == "rab"
    assert resumed(acknowledged(on_hold, "mia", NOW), "rab", LATER).acknowledged_by == "mia"


def test_what_is_closed_stays_as_it_is() -> None:
    over = closed(incident(), "mia", NOW)
    with pytest.raises(NotPossible, match="closed cannot be closed"):
        merged(over, "rab", LATER, 9, "the same disk")
    with pytest.raises(NotPossible, match="closed cannot be weighed anew"):
        overridden(over, "rab", LATER, "it was worse", impact=1, urgency=1, priority=1)
    with pytest.raises(NotPossible, match="resolved cannot be started"):
        took_over(resolved(incident(), "mia", NOW), "rab", LATER, incident(number=9), ())


def test_a_major_incident_is_due_for_an_update_every_so_often_and_rings_once_each_time() -> None:
    one = major.declared(incident(), "mia", NOW, "nobody can buy", 20)
    assert major.overdue(one, NOW + timedelta(minutes=19)) is None
    late = NOW + timedelta(minutes=25)
    assert major.overdue(one, late) == timedelta(minutes=5)
    assert major.rings(one, late)
    one = major.rung(one, "hub", late, ["mia"])
    assert not major.rings(one, late + timedelta(hours=1))
    one = major.told(one, "mia", late, "customers", "we are on it")
    assert not major.rings(one, late + timedelta(minutes=19))
    assert major.rings(one, late + timedelta(minutes=20))
    assert major.overdue(resolved(one, "mia", late), late + timedelta(hours=9)) is None
