"""Whether an agreement's budget burns so quickly that somebody is to be called. Not the incident that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from cmdb.model.service import Agreement, Interval
from cmdb.practices.budget import DAY_S, alerts, windows_for
from cmdb.practices.calendar import Calendar
from cmdb.practices.duration import parse_duration_s, spoken
from cmdb.practices.period import rolls
from cmdb.practices.standing import burn_over

_MONTH_S = 30 * DAY_S
PAGE, TICKET = "page", "ticket"


class BurnAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """`severity` is page (wake somebody) or ticket (in the morning); `names` are the alerts that fire."""

    agreement: str
    severity: str
    names: tuple[str, ...]
    title: str
    text: str


def alarm_period_s(agreement: Agreement) -> float:
    """The period whose windows serve: a month has those of 30 days. ValueError when there are none for it."""
    if agreement.period.partition("@")[0] == "month":
        return _MONTH_S
    if rolls(agreement.period):
        period_s = parse_duration_s(agreement.period)
        windows_for(period_s)
        return period_s
    raise ValueError(
        f"no burn-rate windows for a period of {agreement.period!r}; there are some for 7d, 28d, 30d, month"
    )


def burn_alarm(
    agreement: Agreement,
    hours: Calendar,
    intervals: Sequence[Interval],
    now: datetime,
    observations: int | None = None,
) -> BurnAlarm | None:
    """The alarm that is due now; None when the budget burns slowly enough, or the period has no windows.

    `observations` is how often an hour the service is looked at: too few of them wake nobody.
    """
    try:
        period_s = alarm_period_s(agreement)
    except ValueError:
        return None
    fired = alerts(
        windows_for(period_s),
        period_s,
        lambda window_s: burn_over(agreement, hours, intervals, now, window_s),
        observations,
        agreement.minimum_observations,
    )
    if not fired:
        return None
    return BurnAlarm(
        agreement=agreement.name,
        severity=PAGE if any(alert.severity == PAGE for alert in fired) else TICKET,
        names=tuple(alert.name for alert in fired),
        title=f"{agreement.service}: the error budget of {agreement.name} burns too quickly",
        text="; ".join(
            f"{alert.short_burn:.1f} times as quickly as it may over {spoken(alert.short_s)}, "
            f"{alert.long_burn:.1f} over {spoken(alert.long_s)}: more than {alert.factor:g} calls ({alert.name})"
            for alert in fired
        ),
    )
