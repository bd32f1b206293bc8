"""What time it is, as an argument: rules and the hub take a clock, tests give one that they turn by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall-clock time. Waiting uses the event loop's monotonic clock, never this."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)
