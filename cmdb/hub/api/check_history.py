"""`check.history` and `check.series`: what a check went through, and what it measured."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from checks.definition import Definition
from checks.rollup import Rollup
from cmdb.hub.api.refusal import not_found
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.rows import Row
from cmdb.hub.session import Session
from cmdb.model.kind import Kind
from cmdb.series.transition import Transition

EVER = datetime(1970, 1, 1, tzinfo=UTC)
USUAL_LENGTH = timedelta(hours=3)
# The finest span that is kept for so long and makes no more points than a screen is wide.
SPAN_UP_TO = (("1m", timedelta(hours=6)), ("1h", timedelta(days=14)))


class HistoryArguments(Arguments, frozen=True, kw_only=True):
    """`since` is included, `until` is not (null: now)."""

    id: str
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 100


class SeriesArguments(Arguments, frozen=True, kw_only=True):
    """Of all metrics, or of `metric`; in stretches of `span`, or of what suits the time asked for."""

    id: str
    metric: str = ""
    span: Literal["1m", "1h", "1d"] | None = None
    since: datetime | None = None
    until: datetime | None = None


async def history(hub: Hub, _session: Session, args: HistoryArguments) -> list[Row]:
    """Newest first; `lasted_s` is null for the one that still lasts."""
    until = args.until or hub.clock.now() + timedelta(seconds=1)
    found = await hub.check_history.series.transitions(args.id, args.since or EVER, until, args.limit)
    if not found and await hub.store.get(Kind.CHECK, args.id) is None:
        raise not_found("check", args.id)
    ends = [None, *(one.at for one in found)]
    return [_transition_row(one, end) for one, end in zip(found, ends, strict=False)]


def _transition_row(one: Transition, end: datetime | None) -> Row:
    return {
        "id": f"{one.check}@{one.at.isoformat()}",
        "at": one.at,
        "state": one.state,
        "hard": one.hard,
        "attempt": one.attempt,
        "lasted_s": None if end is None else (end - one.at).total_seconds(),
        "reason": one.reason,
        "output": one.output,
        "result": one.result or None,
    }


async def series(hub: Hub, _session: Session, args: SeriesArguments) -> dict[str, Any]:
    """Stretches without a value are left out; `p50` and `p95` are right to a fifth."""
    until = args.until or hub.clock.now()
    since = args.since or until - USUAL_LENGTH
    span: str = args.span or next((name for name, longest in SPAN_UP_TO if until - since <= longest), "1d")
    found = await hub.check_history.series.series(args.id, span, since, until)
    check = await hub.store.get(Kind.CHECK, args.id)
    if not found and check is None:
        raise not_found("check", args.id)
    metrics = [
        {"name": one.metric, "unit": one.unit, "points": [_point(rollup) for rollup in one.points]}
        for one in found
        if args.metric in {"", one.metric}
    ]
    interval_s = None if check is None else msgspec.convert(check["definition"], Definition).interval_s
    return {
        "check": args.id, "span": span, "since": since, "until": until, "interval_s": interval_s, "metrics": metrics,
    }  # fmt: skip


def _point(rollup: Rollup) -> dict[str, Any]:
    return {
        "at": rollup.start,
        "count": rollup.count,
        "min": rollup.minimum,
        "mean": rollup.mean,
        "max": rollup.maximum,
        "last": rollup.last,
        "p50": rollup.quantile(0.5),
        "p95": rollup.quantile(0.95),
    }


VERBS: Mapping[str, Verb] = {
    "check.history": Verb(HistoryArguments, history),
    "check.series": Verb(SeriesArguments, series),
}
