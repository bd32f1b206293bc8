"""`check.trends`: what many checks measured lately, a few values each, for a column of a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from checks.rollup import Rollup
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.session import Session
from cmdb.model.kind import Kind

LENGTH = timedelta(hours=1)
PARTS = 8
MOST_CHECKS = 200


class TrendsArguments(Arguments, frozen=True, kw_only=True):
    """`ids` of checks; the hour up to `until` (null: now)."""

    ids: Annotated[tuple[str, ...], msgspec.Meta(max_length=MOST_CHECKS)]
    until: datetime | None = None


async def trends(hub: Hub, _session: Session, args: TrendsArguments) -> dict[str, dict[str, Any]]:
    """By id `{metric, values}`: a mean (or null) for each eighth of the hour. What measured nothing is left out."""
    until = args.until or hub.clock.now()
    metrics: dict[str, str] = {}
    for id_ in args.ids:
        check = await hub.store.get(Kind.CHECK, id_)
        if check is not None and (name := _telling(check["metrics"])):
            metrics[id_] = name
    found = await hub.check_history.series.trends(metrics, until - LENGTH, until)
    return {id_: {"metric": metrics[id_], "values": _parts(points, until)} for id_, points in found.items()}


def _telling(metrics: Sequence[Mapping[str, Any]]) -> str:
    """The metric that decides about the check: the first that has a limit, else the first."""
    limited = [metric for metric in metrics if metric.get("crit") or metric.get("warn")]
    return next((str(metric["name"]) for metric in (*limited, *metrics)), "")


def _parts(points: Sequence[Rollup], until: datetime) -> list[float | None]:
    parts: list[list[Rollup]] = [[] for _ in range(PARTS)]
    for point in points:
        part = int((point.start - (until - LENGTH)) / LENGTH * PARTS)
        parts[min(PARTS - 1, max(0, part))].append(point)
    return [
        sum(one.mean * one.count for one in part) / sum(one.count for one in part) if part else None for part in parts
    ]


VERBS: Mapping[str, Verb] = {"check.trends": Verb(TrendsArguments, trends)}
