"""Who is told next, when, and what a message does when a channel fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cmdb.model.escalation import Delivery, DeliveryState, Escalation
from cmdb.model.incident import Incident
from cmdb.model.oncall import Person
from cmdb.practices.delivery import failed, quiet_until, sent
from cmdb.practices.escalation import (
    FOR_EVER,
    EscalatedSince,
    EscalationPolicy,
    Step,
    advanced,
    advances,
    begun,
    due_step,
    hastened,
)
from cmdb.practices.incident import acknowledged, resolved

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIRST, SECOND = Step(("schedule:ops",), 300.0), Step(("team:ops",), 600.0)
INCIDENT = Incident(id="7", number=7, title="x", priority=2, impact=2, urgency=1, key="k", opened_at=NOW)


def walked(policy: EscalationPolicy, steps: int) -> list[tuple[float, Step]]:
    """When (seconds from the start) which step is taken."""
    escalation, now, taken = begun(INCIDENT, policy, NOW), NOW, []
    for _ in range(steps):
        if escalation.next_at is None:
            break
        now = escalation.next_at
        step = due_step(escalation, policy, now)
        assert step is not None
        taken.append(((now - NOW).total_seconds(), step))
        escalation = advanced(escalation, policy, now)
    return taken


@pytest.mark.parametrize(
    ("repeat", "expected"),
    [
        (0, [(0, FIRST), (300, SECOND)]),
        (1, [(0, FIRST), (300, SECOND), (900, FIRST), (1200, SECOND)]),
        (FOR_EVER, [(0, FIRST), (300, SECOND), (900, FIRST), (1200, SECOND), (1800, FIRST), (2100, SECOND)]),
    ],
)
def test_a_policy_is_walked_and_repeated(repeat: int, expected: list[tuple[float, Step]]) -> None:
    assert walked(EscalationPolicy("p", (FIRST, SECOND), repeat), 6) == expected


def test_a_step_is_not_due_early() -> None:
    policy = EscalationPolicy("p", (FIRST, SECOND))
    after = advanced(begun(INCIDENT, policy, NOW), policy, NOW)
    assert due_step(after, policy, NOW + timedelta(seconds=299)) is None
    assert due_step(after, policy, NOW + timedelta(seconds=300)) is SECOND


def test_only_unacknowledged_open_incidents_advance() -> None:
    assert advances(INCIDENT)
    assert not advances(acknowledged(INCIDENT, "mia", NOW))
    assert not advances(resolved(INCIDENT, "mia", NOW))


def test_escalating_as_of_a_moment_is_refused_when_it_escalated_since() -> None:
    policy = EscalationPolicy("p", (FIRST, SECOND))
    escalation = advanced(begun(INCIDENT, policy, NOW), policy, NOW)
    assert hastened(escalation, NOW, as_of=NOW).next_at == NOW
    with pytest.raises(EscalatedSince, match="2026-03-02T12:00:00Z"):
        hastened(escalation, NOW + timedelta(seconds=5), as_of=NOW - timedelta(seconds=1))


def test_an_escalation_says_all_that_a_restarted_hub_needs() -> None:
    policy = EscalationPolicy("p", (FIRST, SECOND), 1)
    escalation = advanced(begun(INCIDENT, policy, NOW), policy, NOW)
    assert escalation == Escalation(
        id="7/", incident=7, policy="p", step=1, taken=1, escalated_at=NOW, next_at=NOW + timedelta(seconds=300)
    )


DELIVERY = Delivery(id="7-0-mia", incident=7, person="mia", title="t", text="x", created_at=NOW)


def test_a_channel_is_tried_three_times_with_growing_pauses_then_the_next_one_at_once() -> None:
    one, now, pauses = DELIVERY, NOW, []
    for _ in range(3):
        one = failed(one, now, "mail: refused", channels=2)
        assert one.next_at is not None
        pauses.append((one.next_at - now).total_seconds())
    assert pauses == [5, 20, 0]
    assert (one.channel, one.attempts, one.state) == (1, 0, DeliveryState.PENDING)
    one = sent(one, now, "webhook: 200")
    assert one.state is DeliveryState.SENT
    assert one.receipts == ("2026-03-02T12:00:00Z mail: refused",) * 3 + ("2026-03-02T12:00:00Z webhook: 200",)


def test_it_is_given_up_after_the_last_channel() -> None:
    one = DELIVERY
    for _ in range(3):
        one = failed(one, NOW, "refused", channels=1)
    assert (one.state, one.next_at) == (DeliveryState.FAILED, None)


MIA = Person(name="mia", timezone="Europe/Berlin", quiet="Mon-Sun 22:00-07:00")


@pytest.mark.parametrize(
    ("person", "priority", "at", "until"),
    [
        (MIA, 2, "2026-03-02T23:00+01:00", "2026-03-03T07:00+01:00"),
        (MIA, 2, "2026-03-03T06:59+01:00", "2026-03-03T07:00+01:00"),
        (MIA, 2, "2026-03-03T07:00+01:00", None),
        (MIA, 1, "2026-03-02T23:00+01:00", None),
        (Person(name="rab"), 5, "2026-03-02T23:00+01:00", None),
        (MIA, 3, "2026-03-28T23:30+01:00", "2026-03-29T07:00+02:00"),
    ],
)
def test_quiet_hours_hold_back_all_but_a_p1(person: Person, priority: int, at: str, until: str | None) -> None:
    found = quiet_until(person, priority, datetime.fromisoformat(at).astimezone(UTC))
    assert found == (None if until is None else datetime.fromisoformat(until))
