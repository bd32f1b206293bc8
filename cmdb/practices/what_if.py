"""Other terms replayed on what was recorded: what they would have given, and what could have been promised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import log10

import msgspec

from cmdb.model.service import Interval
from cmdb.practices.agreement_history import Account, Terms, account
from cmdb.practices.period import period_window
from cmdb.practices.span import Span

MONTHS = 12
# Targets that people agree on, the strictest first.
USUAL_TARGETS = (0.9999, 0.9995, 0.999, 0.998, 0.995, 0.99, 0.98, 0.95, 0.9)


class MonthOfTerms(msgspec.Struct, frozen=True, kw_only=True):
    window: Span
    actual: float | None
    budget_s: float
    down_s: float
    kept: bool | None


class Feasibility(msgspec.Struct, frozen=True, kw_only=True):
    """The last whole months under some terms. `promise` is the strictest usual target that all would have kept."""

    months: tuple[MonthOfTerms, ...]
    promise: float | None

    @property
    def observed(self) -> tuple[MonthOfTerms, ...]:
        return tuple(month for month in self.months if month.kept is not None)

    @property
    def line(self) -> str:
        """What to say to who is about to sign."""
        if not self.observed:
            return "nothing was recorded yet: nobody knows"
        kept = sum(1 for month in self.observed if month.kept)
        promise = "no usual target" if self.promise is None else f"{self.promise * 100:g} %"
        return f"{kept} of the last {len(self.observed)} months would have kept it; all of them: {promise}"


def feasibility(terms: Terms, intervals: Sequence[Interval], now: datetime, months: int = MONTHS) -> Feasibility:
    """What these terms would have given in the last whole months."""
    found = tuple(_month(terms, intervals, window) for window in last_months(now, terms.hours.zone, months))
    shares = [month.actual for month in found if month.actual is not None]
    promise = next((target for target in USUAL_TARGETS if shares and min(shares) >= target), None)
    return Feasibility(months=found, promise=promise)


def last_months(now: datetime, zone: str, months: int = MONTHS) -> list[Span]:
    """The last whole calendar months, oldest first."""
    windows: list[Span] = []
    start = period_window("month", now, zone).start
    for _ in range(months):
        window = period_window("month", start - timedelta(hours=12), zone)
        windows.append(window)
        start = window.start
    return windows[::-1]


def _month(terms: Terms, intervals: Sequence[Interval], window: Span) -> MonthOfTerms:
    found: Account = account([terms], intervals, window)
    return MonthOfTerms(
        window=window,
        actual=found.availability.share,
        budget_s=found.budget_s,
        down_s=found.availability.down_s,
        kept=found.kept,
    )


def nines(target: float) -> float:
    """How many nines a target has: 0.999 is 3, 0.9995 is 3.3."""
    return -log10(1 - target) if target < 1 else float("inf")


def cost_per_extra_nine(offers: Iterable[tuple[float, float]]) -> list[tuple[float, float, float]]:
    """(target, target, cost of one more nine between them), of offers (target, cost) for the same service."""
    ordered = sorted(offers)
    return [
        (lower, higher, (more - less) / (nines(higher) - nines(lower)))
        for (lower, less), (higher, more) in pairwise(ordered)
        if lower < higher < 1
    ]
