"""What one run of a probe found: a state, a sentence, metrics, phases. Not what it means over time."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Annotated, Optional

import msgspec

# A naive moment cannot be compared with an aware one: it is refused where it is read.
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class State(enum.IntEnum):
    """The four outcomes, with the exit codes of the monitoring-plugin interface."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3

    @property
    def word(self) -> str:
        """Lower-case name, as JSON and the command line show it."""
        return self.name.lower()


class Metric(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One measured value; `warn` and `crit` are ranges in plugin syntax, `minimum` and `maximum` its bounds."""

    name: str
    value: Optional[float]  # None: the plugin said `U`
    unit: str = ""
    warn: Optional[str] = None
    crit: Optional[str] = None
    minimum: Optional[float] = None
    maximum: Optional[float] = None


class Result(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One run of one check. `output` is one line for people, `detail` may have many.

    `phases` are seconds by phase (dns, connect, tls, first_byte, total); `expected` and `actual` say what a
    failed assertion wanted and got; `late_s` is how long after its due time the run began; `reason` qualifies
    unknown: prober_late, no_data, not_permitted, unsupported, bad_params, timeout, resolver, failed.
    """

    check: str
    at: Moment
    state: State
    output: str
    detail: str = ""
    metrics: tuple[Metric, ...] = ()
    phases: dict[str, float] = {}
    address: Optional[str] = None
    expected: Optional[str] = None
    actual: Optional[str] = None
    late_s: float = 0.0
    reason: Optional[str] = None
