"""A service: what people get, the components that it is made of, and its state. Not the agreement about it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cmdb.model.kind import Record


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a service: the CIs that `select` finds (the filter grammar), judged together.

    `rule` is worst | best | an integer as text: that many of them must be well (n of m). `effect` is what its
    failure makes of the service: down | degraded. An `optional` one that selects nothing has no say.
    """

    name: str
    select: str
    rule: str = "worst"
    effect: str = "down"
    optional: bool = False


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
    declares it, or `built-in`. `kind` is business (`customers` see it) or technical (others stand on it).
    `reasons` names what made the state, worst first. `stage` is pipeline (measured, not in the catalogue yet), live or
    retired (neither).
    """

    name: str
    title: str = ""
    description: str = ""
    kind: str = "business"
    owner: str = ""
    customers: tuple[str, ...] = ()
    criticality: int = 2  # 1 high … 3 low: the impact of its outage
    components: tuple[Component, ...] = ()
    rule: str = "worst"
    hours: str = "24x7"
    timezone: str = "UTC"
    holidays: Holidays = Holidays()
    stage: str = "live"
    source: str = "built-in"
    state: str = "unknown"
    since: datetime | None = None
    reasons: tuple[str, ...] = ()


class Interval(Record, frozen=True, kw_only=True):
    """A service's state over [start, end); `end` is None while it lasts. Append-only: only `end` is ever set.

    But for time that was unknown: results that came late say what it was, and `source` says that they did.
    """

    service: str
    state: str
    start: datetime
    end: datetime | None = None
    source: str = ""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """Who agreed, for which side (customer | provider), and when."""

    who: str
    side: str
    at: datetime


class Agreement(Record, frozen=True, kw_only=True):
    """What was agreed about a service. Figures are computed from intervals at every read, never stored.

    `id` is the name of what is in force, `name@revision` of what is negotiated or was replaced. `kind` is sla (with
    a customer), ola (within the house) or contract (with a supplier); `state` as in `practices.negotiation`.
    `target` is a share (0.999); `period` is a rolling window (`30d`, `7d`) or `month`; `respond_minutes` and
    `resolve_minutes` are by priority, as text keys "1"…"5"; `pauses` are the on-hold reasons that stop the clock.
    Empty `hours` are those of the service; what `exclusions` take out of them: `cmdb.practices.exclusion`. With
    `slice_s` availability is that of slices of this length, each bad when less than `slice_target` of it was up. Where
    it is watched less than `minimum_observations` times an hour, a burning budget is a ticket and never a page.
    `leans_on` names the agreements that it can only be kept with. Money is per month, in `currency`; `penalty` is what
    a breach costs.
    """

    name: str
    service: str
    kind: str = "sla"
    state: str = "signed"
    revision: int = 1
    customer: str = ""
    provider: str = ""
    period: str = "30d"
    target: float
    slice_s: float | None = None
    slice_target: float = 1.0
    minimum_observations: int = 0
    hours: str = ""
    timezone: str = "UTC"
    holidays: Holidays = Holidays()
    respond_minutes: dict[str, int] = {}
    resolve_minutes: dict[str, int] = {}
    pauses: tuple[str, ...] = ()
    latency_ms: float | None = None
    latency_share: float = 0.95
    method: str = ""
    exclusions: tuple[str, ...] = ()
    consequences: str = ""
    penalty: float = 0.0
    cost: float | None = None
    value: float | None = None
    currency: str = "EUR"
    leans_on: tuple[str, ...] = ()
    stakeholders: tuple[str, ...] = ()  # addresses that a notice goes to
    notice_h: float = 1.0  # how long before a breach its stakeholders are to be told
    starts_at: datetime | None = None
    review_on: str = ""
    signatures: tuple[Signature, ...] = ()
    source: str = "built-in"
