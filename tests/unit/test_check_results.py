"""What results make of a check's record, whatever an agent may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from agent.wire import CheckResult, Summary
from checks.definition import Definition
from checks.result import Metric, Result, State
from cmdb.hub.check_results import after_result, after_summary
from cmdb.model.check import CheckRecord

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def record(state: str = "ok", at: datetime | None = NOW - 60 * SECOND) -> CheckRecord:
    definition = Definition("h/load", "h", "load")
    since = NOW - 600 * SECOND
    return CheckRecord(
        id="h/load", ci="h", type="load", definition=definition, state=state, since=since, last_result_at=at
    )


def result(state: State = State.OK, at: datetime = NOW, **more: object) -> Result:
    return msgspec.structs.replace(Result("h/load", at, state, "said"), **more)


def summary(state: int = 0, end: datetime = NOW, count: int = 5) -> Summary:
    return Summary("h/load", NOW - 59 * SECOND, end, state, count, "still", {"load1": (0.0, 1.0, 2.0, 5, 1.5)})


def test_a_result_makes_the_state_and_when_it_began() -> None:
    step = after_result(record(), CheckResult(result(State.CRITICAL), hard=False, attempt=1), NOW)
    assert step is not None
    assert (step.after.state, step.after.hard, step.after.attempt) == ("critical", False, 1)
    assert step.after.since == NOW
    assert step.changed
    assert step.after.last_result["output"] == "said"


def test_the_same_state_began_when_it_began() -> None:
    step = after_result(record(), CheckResult(result(), hard=True, attempt=1), NOW)
    assert step is not None
    assert step.after.since == record().since
    assert not step.changed


def test_an_older_result_is_dropped() -> None:
    assert after_result(record(), CheckResult(result(at=NOW - 61 * SECOND), True, 1), NOW) is None
    assert after_summary(record(), summary(end=NOW - 61 * SECOND), NOW) is None


def test_a_result_from_the_future_does_not_lock_out_the_next() -> None:
    step = after_result(record(), CheckResult(result(at=NOW + timedelta(days=900)), True, 1), NOW)
    assert step is not None
    assert step.after.last_result_at == NOW


def test_a_summary_freshens_output_metrics_and_age() -> None:
    before = msgspec.structs.replace(record(), metrics=({"name": "load1", "value": 9.0},))
    step = after_summary(before, summary(), NOW)
    assert step is not None
    assert (step.after.output, step.after.last_result_at) == ("still", NOW)
    assert step.after.metrics == ({"name": "load1", "value": 1.5},)
    assert not step.changed


@pytest.mark.parametrize(("count", "hard", "attempt"), [(1, False, 1), (2, False, 2), (3, True, 3), (50, True, 3)])
def test_a_summary_in_another_state_puts_right_what_a_lost_change_left(count: int, hard: bool, attempt: int) -> None:
    step = after_summary(record(), summary(state=2, count=count), NOW)
    assert step is not None
    assert (step.after.state, step.after.hard, step.after.attempt) == ("critical", hard, attempt)


def test_a_state_that_is_none_is_dropped() -> None:
    assert after_summary(record(), summary(state=7), NOW) is None


def test_text_is_made_clean_and_bounded() -> None:
    hostile = result(
        output="\x1b[31mred\x07" + "x" * 100_000,
        detail="line one\nline\ttwo\x00\n" * 1000,
        metrics=tuple(Metric(f"m{n}\n", 1.0, "\x1b") for n in range(1000)),
        reason="why\x9b",
    )
    step = after_result(record(), CheckResult(hostile, True, 1), NOW)
    assert step is not None
    assert step.after.output.isprintable()
    assert len(step.after.output) == 4096
    assert step.after.last_result["detail"].startswith("line one\nline two\n")
    assert len(step.after.last_result["detail"]) < 10_000
    assert len(step.after.metrics) == 256
    assert step.after.reason == "why"
