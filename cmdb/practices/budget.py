"""Error budgets: how much may fail, how quickly it burns, when it is gone, and when that is worth an alert.

The rule of two windows and its factors are those of "Alerting on SLOs" in Google's Site Reliability Workbook.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

HOUR_S, DAY_S = 3600.0, 86400.0


class BurnWindows(msgspec.Struct, frozen=True, kw_only=True):
    """One alert: it fires when the short and the long window burn more than `factor` times the even rate."""

    name: str
    severity: str  # page | ticket
    short_s: float
    long_s: float
    budget_share: float  # of the period's budget, gone within the long window at `factor`

    def factor(self, period_s: float) -> float:
        return self.budget_share * period_s / self.long_s


class BurnAlert(msgspec.Struct, frozen=True, kw_only=True):
    """A window pair over its factor, with the burn rates that say so."""

    name: str
    severity: str
    factor: float
    short_s: float
    short_burn: float
    long_s: float
    long_burn: float


def _windows(quick_page: float, slow_page: float, quick_ticket: float, slow_ticket: float) -> tuple[BurnWindows, ...]:
    rows = (
        ("page, quick", "page", 300.0, HOUR_S, quick_page),
        ("page, slow", "page", 1800.0, 6 * HOUR_S, slow_page),
        ("ticket, quick", "ticket", 2 * HOUR_S, DAY_S, quick_ticket),
        ("ticket, slow", "ticket", 6 * HOUR_S, 3 * DAY_S, slow_ticket),
    )
    return tuple(
        BurnWindows(name=name, severity=severity, short_s=short_s, long_s=long_s, budget_share=share)
        for name, severity, short_s, long_s, share in rows
    )


_MONTHLY = _windows(0.02, 0.05, 0.10, 0.10)
WINDOWS_BY_DAYS = {7: _windows(0.08, 0.125, 0.20, 0.42), 28: _MONTHLY, 30: _MONTHLY}
TREND_WINDOWS = _MONTHLY  # their lengths serve every period; only the factors differ


def windows_for(period_s: float) -> tuple[BurnWindows, ...]:
    """The window pairs of a period; ValueError for one that has none configured."""
    windows = WINDOWS_BY_DAYS.get(round(period_s / DAY_S)) if period_s % DAY_S == 0 else None
    if windows is None:
        known = ", ".join(f"{days}d" for days in sorted(WINDOWS_BY_DAYS))
        raise ValueError(f"no burn-rate windows for a period of {period_s / DAY_S:g} days; there are some for {known}")
    return windows


def budget_s(target: float, agreed_s: float) -> float:
    """How long a service may be down in this much agreed time."""
    return round((1 - target) * agreed_s, 6)  # 1 - 0.999 is a little more than 0.001


def burn_rate(error_rate: float, target: float) -> float:
    """How many times quicker than evenly the budget goes; a target of 1 leaves none to burn."""
    if target >= 1:
        return float("inf") if error_rate > 0 else 0.0
    return error_rate / (1 - target)


def exhaustion_s(remaining_share: float, period_s: float, burn: float) -> float | None:
    """How long what is left lasts at this burn; None when nothing burns."""
    return max(remaining_share, 0.0) * period_s / burn if burn > 0 else None


def trend(windows: Sequence[BurnWindows], burn_over: Callable[[float], float]) -> float:
    """The burn that is present: the highest that a pair shows in its short and its long window alike."""
    return max((min(burn_over(pair.short_s), burn_over(pair.long_s)) for pair in windows), default=0.0)


def alerts(
    windows: Sequence[BurnWindows],
    period_s: float,
    burn_over: Callable[[float], float],
    observations: int | None = None,
    minimum_observations: int = 0,
) -> tuple[BurnAlert, ...]:
    """The alerts that fire; with fewer observations than the minimum a page is only a ticket."""
    few = observations is not None and observations < minimum_observations
    fired = []
    for pair in windows:
        factor, short, long = pair.factor(period_s), burn_over(pair.short_s), burn_over(pair.long_s)
        if short > factor and long > factor:
            severity = "ticket" if few else pair.severity
            fired.append(
                BurnAlert(
                    name=pair.name, severity=severity, factor=factor,
                    short_s=pair.short_s, short_burn=short, long_s=pair.long_s, long_burn=long,
                )
            )  # fmt: skip
    return tuple(fired)
