"""A finding and the thresholds of its definition make the state of one result. Not what results mean over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

import msgspec

from checks.definition import Threshold
from checks.finding import Finding
from checks.result import Metric, State
from checks.state import worst
from checks.threshold import BadRange, parse_range


def judge(finding: Finding, thresholds: Mapping[str, Threshold]) -> Finding:
    """The finding with its metrics held against their thresholds; the worst breach is in the output.

    A threshold on a metric that the probe did not measure, or that is no range, makes it unknown: a typing
    mistake must not look like health.
    """
    if not thresholds or finding.state is State.UNKNOWN:
        return finding
    try:
        return _judged(finding, thresholds)
    except BadRange as wrong:
        return _unknown(finding, f"threshold: {wrong}")


def _judged(finding: Finding, thresholds: Mapping[str, Threshold]) -> Finding:
    measured = {metric.name: metric for metric in finding.metrics}
    missing = sorted(set(thresholds) - set(measured))
    if missing and finding.state is State.OK:
        known = ", ".join(sorted(measured)) or "none"
        return _unknown(finding, f"no metric {missing[0]} to hold a threshold against (there are: {known})")
    states = {name: threshold.judge(measured[name].value) for name, threshold in thresholds.items() if name in measured}
    metrics = tuple(_with_threshold(metric, thresholds.get(metric.name)) for metric in finding.metrics)
    state = worst([finding.state, *states.values()])
    judged = msgspec.structs.replace(finding, state=state, metrics=metrics)
    if state is finding.state:
        return judged
    return _breached(judged, measured[next(name for name in states if states[name] is state)], thresholds)


def _breached(finding: Finding, metric: Metric, thresholds: Mapping[str, Threshold]) -> Finding:
    """The finding with the breach in words; a metric without a value is unknown."""
    actual = f"{metric.name} {value_in_words(metric)}"
    if metric.value is None:
        return _unknown(finding, f"{metric.name} has no value")
    threshold = thresholds[metric.name]
    text = threshold.crit if finding.state is State.CRITICAL else threshold.warn
    assert text is not None
    expected = f"{metric.name} {parse_range(text).wanted()}"
    output = f"{finding.output} ({finding.state.word}: wanted {expected})"
    return msgspec.structs.replace(finding, output=output, expected=expected, actual=actual)


def value_in_words(metric: Metric) -> str:
    """`91.2 %`, `3.1 ms`, `12`; `no value` where there is none."""
    if metric.value is None:
        return "no value"
    return f"{metric.value:.4g} {metric.unit}".rstrip()


def _with_threshold(metric: Metric, threshold: Optional[Threshold]) -> Metric:
    if threshold is None:
        return metric
    return msgspec.structs.replace(metric, warn=threshold.warn, crit=threshold.crit)


def _unknown(finding: Finding, why: str) -> Finding:
    output = f"{finding.output} ({why})"
    return msgspec.structs.replace(finding, state=State.UNKNOWN, output=output, reason="bad_params")
