"""What one query's answer says, for every SQL probe: a value to hold thresholds against, or a text to find."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, Optional

from checks.finding import CouldNotLook, Finding, Trace, Unhealthy
from checks.perfdata import printable
from checks.result import Metric


def driver(module: str, extra: str) -> Any:
    """A database driver that an extra of ours brings; raises `CouldNotLook` where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        words = f"a query needs the driver {module}: install watchdeck[{extra}]"
        raise CouldNotLook(words, "unsupported") from error


def judge_row(row: Optional[Sequence[Any]], expect: Optional[str], trace: Trace) -> Finding:
    """The first column of the first row: metric `value` where it is a number; raises `Unhealthy`."""
    query_ms = trace.phases["query"] * 1000
    metrics = [Metric("query_ms", query_ms, "ms", minimum=0.0)]
    value = row[0] if row else None
    said = "nothing" if value is None else printable(str(value))[:100]
    if expect is not None and expect not in str(value):
        raise Unhealthy(f"{trace.address}: the query says {said}", expected=expect, actual=said)
    number = _number(value)
    if number is not None:
        metrics.append(Metric("value", number))
    return Finding(f"{trace.address}: the query says {said} ({query_ms:.1f} ms)", metrics=tuple(metrics))


def _number(value: object) -> Optional[float]:
    try:
        return None if value is None else float(str(value))
    except ValueError:
        return None
