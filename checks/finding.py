"""What a probe hands back, before thresholds judge it: a finding, or one of the two ways not to have one.

Errors::

    ProbeError
    ├── Unhealthy       it looked, and what it saw is bad
    └── CouldNotLook    it could not look: unknown, with a reason
"""

from __future__ import annotations

import time
from typing import Optional

import msgspec

from checks.result import Metric, State


class Finding(msgspec.Struct, frozen=True, gc=False):
    """What one look found. Fields as in `checks.result.Result`."""

    output: str
    state: State = State.OK
    metrics: tuple[Metric, ...] = ()
    detail: str = ""
    expected: Optional[str] = None
    actual: Optional[str] = None
    reason: Optional[str] = None


class ProbeError(Exception):
    """Why there is no good finding; `finding` is what to report."""

    finding: Finding


class Unhealthy(ProbeError):
    """The thing was looked at and is not well. `output` tells an operator which failure it was."""

    def __init__(
        self,
        output: str,
        *,
        expected: Optional[str] = None,
        actual: Optional[str] = None,
        state: State = State.CRITICAL,
        detail: str = "",
        metrics: tuple[Metric, ...] = (),
    ) -> None:
        super().__init__(output)
        self.finding = Finding(output, state, metrics, detail, expected, actual)


class CouldNotLook(ProbeError):
    """Nothing is known about the thing. `reason` is one of those that `Result` lists."""

    def __init__(self, output: str, reason: str) -> None:
        super().__init__(output)
        self.finding = Finding(output, State.UNKNOWN, reason=reason)


class Trace:
    """What a probe notes on its way, so that a failure keeps it: phases in seconds, address, what it waits for.

    `excuse` is the reason that a time-out would have just now, where what is waited for is not what is looked at.
    """

    __slots__ = ("_last", "address", "doing", "excuse", "phases")

    def __init__(self) -> None:
        self.phases: dict[str, float] = {}
        self.address: Optional[str] = None
        self.doing = "starting"
        self.excuse: Optional[str] = None
        self._last = time.monotonic()

    def mark(self, phase: str) -> None:
        """The phase that ends here took all the time since the one before it; a repeated phase adds up."""
        now = time.monotonic()
        self.phases[phase] = self.phases.get(phase, 0.0) + now - self._last
        self._last = now
