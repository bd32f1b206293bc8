"""A service: what people get, the components that it is made of, and its state. Not the agreement about it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cmdb.model.kind import Record


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a service: the CIs that `select` finds (the filter grammar), judged together.

    `rule` is worst | best | an integer as text: that many of them must be well (n of m). `effect` is what its
    failure makes of the service: down | degraded.
    """

    name: str
    select: str
    rule: str = "worst"
    effect: str = "down"


class Holidays(msgspec.Struct, frozen=True, omit_defaults=True):
    """Closed days. `country` and `subdivision` are ISO 3166 codes (`ES`, `MD`), whose public holidays count.

    `dates` are own ones (`2026-12-24`, or `12-24` for every year), `except_dates` holidays that are worked.
    """

    country: str = ""
    subdivision: str = ""
    dates: tuple[str, ...] = ()
    except_dates: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.country or self.dates)


class Service(Record, frozen=True, kw_only=True):
    """`state` is up | degraded | down | maintenance | unknown, from its components, `since` that moment.

    `hours` is `24x7` or a calendar expression of `cmdb.practices.calendar`; `source` is the file that
    declares it, or `built-in`. `reasons` names what made the state, worst first.
    """

    name: str
    title: str = ""
    description: str = ""
    owner: str = ""
    criticality: int = 2  # 1 high … 3 low: the impact of its outage
    components: tuple[Component, ...] = ()
    rule: str = "worst"
    hours: str = "24x7"
    timezone: str = "UTC"
    holidays: Holidays = Holidays()
    source: str = "built-in"
    state: str = "unknown"
    since: datetime | None = None
    reasons: tuple[str, ...] = ()


class Interval(Record, frozen=True, kw_only=True):
    """A service's state over [start, end); `end` is None while it lasts. Append-only: only `end` is ever set."""

    service: str
    state: str
    start: datetime
    end: datetime | None = None
    source: str = ""


class Agreement(Record, frozen=True, kw_only=True):
    """A service level agreement in force. Figures are computed from intervals at every read, never stored.

    `target` is a share (0.999); `period` is a rolling window (`30d`, `7d`) or `month`; `respond_minutes` and
    `resolve_minutes` are by priority, as text keys "1"…"5".
    """

    name: str
    service: str
    period: str = "30d"
    target: float
    respond_minutes: dict[str, int] = {}
    resolve_minutes: dict[str, int] = {}
    source: str = "built-in"
