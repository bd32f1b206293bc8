"""A check as it is asked for: what to probe, how often, and when it is bad. Not its state, not its result."""

from __future__ import annotations

import math
import sys
from typing import Any, Optional

import msgspec

from checks.result import State
from checks.threshold import parse_range


class Threshold(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Warning and critical ranges of one metric, in the monitoring plugins' range syntax."""

    warn: Optional[str] = None
    crit: Optional[str] = None

    def judge(self, value: Optional[float]) -> State:
        """The state that this value makes: critical before warning, no value is unknown. Raises `BadRange`."""
        if value is None or math.isnan(value):
            return State.UNKNOWN
        if self.crit is not None and parse_range(self.crit).alerts(value):
            return State.CRITICAL
        if self.warn is not None and parse_range(self.warn).alerts(value):
            return State.WARNING
        return State.OK


class Definition(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One check of one configuration item.

    `id` is `<ci id>/<name>`; `type` names a probe; `params` are the probe's own, checked by it.
    Defaults are those of Icinga 2.
    """

    id: str
    ci: str
    type: str
    params: dict[str, Any] = {}
    thresholds: dict[str, Threshold] = {}
    interval_s: float = 300.0
    retry_s: float = 60.0
    timeout_s: float = 10.0
    max_attempts: int = 3
    rule: str = "default"  # which rule asked for it; `check explain` prints it


def slim(definition: Definition, shared: dict[tuple[Any, ...], dict[str, Threshold]]) -> Definition:
    """The same definition, sharing with others what is equal among thousands: words and thresholds."""
    key = tuple(definition.thresholds.items())
    return msgspec.structs.replace(
        definition,
        type=sys.intern(definition.type),
        rule=sys.intern(definition.rule),
        thresholds=shared.setdefault(key, definition.thresholds),
    )
