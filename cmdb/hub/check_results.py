"""What results make of the checks' records: pure, and wary, since an agent may say anything. Not what follows."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import msgspec

from agent.discovery.clean import clean_text
from agent.wire import CheckResult, Summary
from checks.result import Metric, Result, State
from checks.rollup import plausible
from cmdb.model.check import CheckRecord

DETAIL_LINES = 200
MOST_METRICS = 256


class Step(msgspec.Struct, frozen=True):
    """A check before and after one thing that its agent said: a result that `came`, or a summary."""

    before: CheckRecord
    after: CheckRecord
    came: CheckResult | None = None
    summary: Summary | None = None

    @property
    def changed(self) -> bool:
        """Whether the state, its hardness or the attempt is another now."""
        was, now = self.before, self.after
        return (was.state, was.hard, was.attempt) != (now.state, now.hard, now.attempt)


def after_result(record: CheckRecord, came: CheckResult, now: datetime) -> Step | None:
    """The step that this result makes; None when a later one is known already."""
    result = cleaned(came.result, now)
    if _is_old(record, result.at):
        return None
    state = result.state.word
    after = msgspec.structs.replace(
        record,
        state=state,
        hard=came.hard,
        attempt=max(1, came.attempt),
        flapping=came.flapping,
        since=record.since if state == record.state else result.at,
        last_result_at=result.at,
        output=result.output,
        metrics=tuple(msgspec.to_builtins(metric) for metric in result.metrics),
        last_result=msgspec.to_builtins(result, builtin_types=(datetime,)),
        reason=result.reason,
        acknowledged_by=_still_acknowledged(record, state),
    )
    return Step(record, after, msgspec.structs.replace(came, result=result))


def after_summary(record: CheckRecord, summary: Summary, now: datetime) -> Step | None:
    """The step that a summary makes: fresher, but in the state that it was in. None when it is old news.

    The state itself is taken too: should a change have been dropped by a full spool, this puts it right.
    """
    at = min(summary.end, now)
    if _is_old(record, at) or summary.state not in State.__members__.values():
        return None
    state = State(summary.state).word
    bad_for = 0 if state in {record.state, "ok"} else summary.count
    after = msgspec.structs.replace(
        record,
        state=state,
        hard=record.hard if state == record.state else not 0 < bad_for < record.definition.max_attempts,
        attempt=record.attempt if state == record.state else max(1, min(bad_for, record.definition.max_attempts)),
        since=record.since if state == record.state else min(summary.start, now),
        last_result_at=at,
        output=clean_text(summary.output) or record.output,
        reason=record.reason if state == record.state else None,
        metrics=_refreshed(record.metrics, summary),
        acknowledged_by=_still_acknowledged(record, state),
    )
    return Step(record, after, summary=_cleaned_summary(summary, now))


def _still_acknowledged(record: CheckRecord, state: str) -> str | None:
    """Until it is well again."""
    return None if state == "ok" else record.acknowledged_by


def _cleaned_summary(summary: Summary, now: datetime) -> Summary:
    """What was measured, as it may be kept: finite values that were counted, under clean names."""
    metrics = {
        clean_text(name, 128): values
        for name, values in list(summary.metrics.items())[:MOST_METRICS]
        if values[3] > 0 and all(map(math.isfinite, values))
    }
    buckets = {clean_text(name, 128): plausible(counts) for name, counts in summary.buckets.items() if name in metrics}
    return msgspec.structs.replace(summary, start=min(summary.start, now), metrics=metrics, buckets=buckets)


def cleaned(result: Result, now: datetime) -> Result:
    """The result as it may be kept and shown; one from the future is from now."""
    return msgspec.structs.replace(
        result,
        at=min(result.at, now),
        output=clean_text(result.output),
        detail="\n".join(clean_text(line) for line in result.detail.splitlines()[:DETAIL_LINES]),
        metrics=tuple(map(_clean_metric, result.metrics[:MOST_METRICS])),
        phases={clean_text(name, 64): value for name, value in list(result.phases.items())[:16]},
        address=_clean_optional(result.address),
        expected=_clean_optional(result.expected),
        actual=_clean_optional(result.actual),
        reason=_clean_optional(result.reason),
    )


def _is_old(record: CheckRecord, at: datetime) -> bool:
    return record.last_result_at is not None and at < record.last_result_at


def _refreshed(metrics: tuple[dict[str, Any], ...], summary: Summary) -> tuple[dict[str, Any], ...]:
    """The metrics with the last value of those that the summary has."""
    return tuple(
        {**metric, "value": summary.metrics[metric["name"]][4]} if metric["name"] in summary.metrics else metric
        for metric in metrics
    )


def _clean_metric(metric: Metric) -> Metric:
    return msgspec.structs.replace(metric, name=clean_text(metric.name, 128), unit=clean_text(metric.unit, 32))


def _clean_optional(text: str | None) -> str | None:
    return None if text is None else clean_text(text)
