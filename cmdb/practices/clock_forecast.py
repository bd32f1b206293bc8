"""Which clocks of open incidents will run out, or have: breaches that no budget shows. Not who is told of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from cmdb.practices.clock import Running
from cmdb.practices.duration import spoken
from cmdb.practices.forecast import CLOCK, Ahead
from cmdb.practices.incident_clock import AgreedClock

# An incident that has most of its time left is being worked on, not a breach ahead.
FORESEEN_FROM = 0.75


def clocks_ahead(number: int, clocks: Iterable[AgreedClock], now: datetime) -> Iterator[Ahead]:
    """Those of the incident's running clocks whose time is nearly over, or over."""
    for one in clocks:
        clock, due = one.clock, one.clock.due
        share = clock.passed_s_at(now) / clock.target.time_s
        if clock.running is not Running.RUNNING or due is None or share < FORESEEN_FROM:
            continue
        passed = "all" if clock.missed(now) else f"{share:.0%}"
        yield Ahead(
            kind=CLOCK,
            at=due,
            why=f"INC-{number}: {passed} of the {spoken(clock.target.time_s)} to {clock.target.goal} passed, "
            f"it waits for {clock.waits_for}",
        )
