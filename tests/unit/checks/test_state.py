"""Soft and hard states and flapping, by the oracles of `checks.md`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.result import State
from checks.state import TRANSITIONS, CheckState, Notice, Phase, Seen, Step, advance, flap_percent, worst

START = datetime(2026, 1, 1, tzinfo=UTC)
LETTERS = {"O": State.OK, "W": State.WARNING, "C": State.CRITICAL, "U": State.UNKNOWN}


def steps(letters: str, max_attempts: int = 3) -> list[Step]:
    """What each of these results, a minute apart, does to a check that never ran."""
    current, taken = CheckState(), []
    for minute, letter in enumerate(letters):
        taken.append(advance(current, LETTERS[letter], START + timedelta(minutes=minute), max_attempts))
        current = taken[-1].after
    return taken


def trace(letters: str, max_attempts: int = 3) -> list[str]:
    """Each step as `S1`, or `H1 problem` where people are told."""
    return [
        f"{'H' if step.after.hard else 'S'}{step.after.attempt}"
        + (f" {step.notice.value}" if step.notice is not Notice.NONE else "")
        for step in steps(letters, max_attempts)
    ]


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("UCCOCO", ["S1", "S2", "H1 problem", "H1 recovery", "S1", "H1"]),
        ("CCCC", ["S1", "S2", "H1 problem", "H1"]),
        ("CCCWWC", ["S1", "S2", "H1 problem", "H1 problem", "H1", "H1 problem"]),
        ("WCU", ["S1", "S2", "H1 problem"]),
        ("OOCCO", ["H1", "H1", "S1", "S2", "H1"]),
    ],
)
def test_the_trace_of_three_attempts_is_that_of_icinga(letters: str, expected: list[str]) -> None:
    assert trace(letters) == expected


def test_with_one_attempt_the_first_bad_result_is_hard() -> None:
    assert trace("OCO", max_attempts=1) == ["H1", "H1 problem", "H1 recovery"]


def test_with_two_attempts_the_second_bad_result_is_hard() -> None:
    assert trace("OCCO", max_attempts=2) == ["H1", "S1", "H1 problem", "H1 recovery"]


def test_every_phase_has_an_answer_to_everything_that_it_can_see() -> None:
    impossible = {(Phase.HARD, Seen.LAST_BAD), (Phase.WELL, Seen.OTHER_BAD), (Phase.SOFT, Seen.OTHER_BAD)}
    assert set(TRANSITIONS) == {(phase, seen) for phase in Phase for seen in Seen} - impossible


def test_a_result_older_than_the_last_is_dropped() -> None:
    last = steps("OO")[-1].after
    late = advance(last, State.CRITICAL, START, 3)
    assert late.dropped
    assert late.after == last


def test_changed_says_whether_anything_is_worth_sending() -> None:
    assert [step.changed for step in steps("OOCCCCO")] == [True, False, True, True, True, False, True]


def test_since_is_when_this_state_began_and_outlives_soft_to_hard() -> None:
    *_, last = steps("OOCCCC")
    assert last.after.since == START + timedelta(minutes=2)


def test_flapping_has_the_value_of_the_oracle() -> None:
    restless = steps("CCCWCWOOOOWWWWOOOWWWC")[-1].after
    assert flap_percent(restless.changes) == pytest.approx(39.1)
    assert restless.flapping


def test_seven_quiet_results_end_flapping() -> None:
    calm = steps("CCCWCWOOOOWWWWOOOWWWC" + "C" * 7)[-1].after
    assert flap_percent(calm.changes) == pytest.approx(18.9)
    assert not calm.flapping


def test_alternating_from_ok_rises_as_the_oracle_says() -> None:
    taken = steps("OCOCOCO")
    values = [round(flap_percent(step.after.changes), 1) for step in taken]
    assert values == [0, 5.9, 11.7, 17.4, 23.0, 28.5, 33.9]
    assert [step.after.flapping for step in taken] == [False] * 6 + [True]


def test_flapping_lasts_between_its_two_limits() -> None:
    taken = steps("OCOCOCO" + "O" * 20)
    between = [step.after for step in taken if 25 < flap_percent(step.after.changes) <= 30]
    rising, *falling = between
    assert not rising.flapping
    assert falling
    assert all(state.flapping for state in falling)


@given(st.text(alphabet="OWCU", max_size=60), st.integers(1, 5))
def test_every_problem_ends_in_at_most_one_recovery_and_the_last_word_is_the_last_result(
    letters: str, max_attempts: int
) -> None:
    open_problem = False
    for letter, step in zip(letters, steps(letters, max_attempts), strict=True):
        assert step.after.state is LETTERS[letter]
        assert 1 <= step.after.attempt <= max_attempts
        assert letter != "O" or step.after.hard
        if step.notice is Notice.RECOVERY:
            assert open_problem
        open_problem = step.notice is Notice.PROBLEM or (open_problem and letter != "O")


def test_the_worst_state_is_the_one_to_look_at_first() -> None:
    assert worst([State.OK, State.UNKNOWN, State.WARNING]) is State.WARNING
    assert worst([State.UNKNOWN, State.CRITICAL]) is State.CRITICAL
    assert worst([State.OK, State.UNKNOWN]) is State.UNKNOWN
    assert worst([]) is State.OK
