"""When an agreement will be breached at the present trend, with the evidence, and who is to be told of it when.

The budget's trend is seen here; clocks that run out and capacity that ends are handed in (`ahead`).
No breach without a chance to plan: a notice goes out as soon as a breach is foreseen. Not its delivery.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from cmdb.model.notice import Notice
from cmdb.model.service import Agreement, Interval
from cmdb.practices.budget import TREND_WINDOWS
from cmdb.practices.business_time import deadline
from cmdb.practices.calendar import Calendar
from cmdb.practices.duration import spoken
from cmdb.practices.period import rolls
from cmdb.practices.service_state import ServiceState
from cmdb.practices.standing import Standing, Status, burn_over, standing

REPEAT_AFTER = timedelta(hours=4)  # a trend that comes and goes within this time is one notice
BUDGET, OUTAGE, CLOCK, CAPACITY, LATENCY = "budget", "outage", "clock", "capacity", "latency"
_THERE = frozenset({CLOCK, LATENCY})  # what is a breach once its moment has come
OUTAGE_COUNTS_WITHIN = timedelta(days=1)  # no outage is foreseen to last for weeks
# A disk that is full in two months is for the next review; one that is full next week is a breach ahead.
CAPACITY_COUNTS_WITHIN = timedelta(days=7)


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The burn in one pair of windows: what is burning is the smaller of the two."""

    windows: str
    short_burn: float
    long_burn: float


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that breaches the agreement if it goes on, or has."""

    kind: str  # budget | outage | clock | capacity | latency
    at: datetime
    why: str


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """`breach_at` is None when the present trend breaches nothing; `ahead` is all that is foreseen, earliest first.

    `breached` says that it is there: the budget is overdrawn, or the clock of an open incident has run out, or answers
    take too long.
    """

    agreement: str
    at: datetime
    status: Status
    breach_at: datetime | None
    lead_s: float | None
    burn: float
    budget_remaining: float
    evidence: tuple[Evidence, ...]
    why: str
    ahead: tuple[Ahead, ...] = ()
    breached: bool = False


def forecast(
    agreement: Agreement, hours: Calendar, intervals: Sequence[Interval], now: datetime, others: Iterable[Ahead] = ()
) -> Forecast:
    """What the budget's trend says, together with the `others` that were foreseen."""
    stands = standing(agreement, hours, intervals, now)
    budget_why = _why(stands, now)
    own = [] if stands.breach_forecast_at is None else [_budget(stands.breach_forecast_at, budget_why)]
    ahead = sorted([*own, *_lasting(agreement, stands, hours, intervals, now), *others], key=lambda one: one.at)
    breach_at = next((one.at for one in ahead if one.at > now and _counts(one, now)), None)
    return Forecast(
        agreement=agreement.name,
        at=now,
        status=stands.status,
        breach_at=breach_at,
        lead_s=None if breach_at is None else (breach_at - now).total_seconds(),
        burn=stands.burn,
        budget_remaining=stands.budget_remaining,
        evidence=tuple(
            Evidence(
                windows=f"{spoken(pair.short_s)} / {spoken(pair.long_s)}",
                short_burn=burn_over(agreement, hours, intervals, now, pair.short_s),
                long_burn=burn_over(agreement, hours, intervals, now, pair.long_s),
            )
            for pair in TREND_WINDOWS
        ),
        why="; ".join([budget_why, *(one.why for one in ahead if one.kind != BUDGET and _counts(one, now))]),
        ahead=tuple(ahead),
        breached=stands.status is Status.BREACHED or any(one.kind in _THERE and one.at <= now for one in ahead),
    )


def _lasting(
    agreement: Agreement, stands: Standing, hours: Calendar, intervals: Sequence[Interval], now: datetime
) -> Iterator[Ahead]:
    """An outage that goes on: when it alone will have used up what is left, long before windows show it."""
    last = intervals[-1] if intervals else None
    left_s = stands.budget_remaining_s
    if last is None or last.state != ServiceState.DOWN.value or last.end is not None or left_s <= 0:
        return
    at = deadline(hours, now, left_s)
    if at - now <= OUTAGE_COUNTS_WITHIN and (at < stands.window.end or rolls(agreement.period)):
        yield Ahead(
            kind=OUTAGE, at=at, why=f"down since {last.start:%H:%M:%S}Z, gone in {spoken(left_s)} if that lasts"
        )


def _budget(at: datetime, why: str) -> Ahead:
    return Ahead(kind=BUDGET, at=at, why=why)


def _counts(one: Ahead, now: datetime) -> bool:
    return one.kind != CAPACITY or one.at - now <= CAPACITY_COUNTS_WITHIN


def _why(stands: Standing, now: datetime) -> str:
    left = f"{max(stands.budget_remaining, 0):.0%} of the budget ({spoken(max(stands.budget_remaining_s, 0))}) left"
    if stands.status is Status.BREACHED:
        return f"breached: {spoken(-stands.budget_remaining_s)} more down than the {spoken(stands.budget_s)} allowed"
    if stands.status is Status.NO_DATA:
        return "nothing was observed"
    if stands.breach_forecast_at is None:
        return f"{left}, burning {stands.burn:.1f} times as quickly as it may: no breach ahead"
    ahead = spoken((stands.breach_forecast_at - now).total_seconds())
    return f"{left}, burning {stands.burn:.1f} times as quickly as it may: gone in {ahead}"


def stepped(last: Notice | None, seen: Forecast) -> Notice | None:
    """The agreement's notice as this forecast leaves it: a new one when a breach is foreseen, or is there, anew."""
    breached, foreseen = seen.breached, seen.breach_at is not None
    if last is not None and last.ended_at is None:
        if breached:
            return last if last.breached_at else msgspec.structs.replace(last, breached_at=seen.at)
        over = last.breached_at is not None or not foreseen
        return msgspec.structs.replace(last, ended_at=seen.at) if over else last
    if not breached and not foreseen:
        return last
    if last is not None and _lately_foreseen(last, seen.at):
        return msgspec.structs.replace(last, ended_at=None, breached_at=seen.at if breached else None)
    return Notice(
        id=f"{seen.agreement}@{seen.at:%Y-%m-%dT%H:%M:%SZ}",
        agreement=seen.agreement,
        noticed_at=seen.at,
        breach_foreseen_at=seen.breach_at or seen.at,
        why=seen.why,
        breached_at=seen.at if breached else None,
    )


def _lately_foreseen(last: Notice, now: datetime) -> bool:
    return last.breached_at is None and last.ended_at is not None and now - last.ended_at < REPEAT_AFTER


def announced_share(notices: Iterable[Notice], lead_s: float) -> float | None:
    """The share of breaches that were noticed at least so long before; None without a breach."""
    leads = [notice.lead_s for notice in notices if notice.lead_s is not None]
    return sum(1 for lead in leads if lead >= lead_s) / len(leads) if leads else None
