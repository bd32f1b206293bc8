"""A review of what was agreed and given in a period: its evidence, frozen when it was made, and what is to be done."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from cmdb.model.answers import Answers
from cmdb.model.kind import Record


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of a service being down: what of it was counted, what made it so, which incidents were about it."""

    start: datetime
    end: datetime
    counted_s: float
    cause: str
    incidents: tuple[int, ...] = ()


class ReviewedAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one agreement in the period. Times in seconds of service time; None where nothing is known."""

    name: str
    service: str
    target: float
    hours: str
    timezone: str
    changed_at: tuple[datetime, ...]  # when its terms were changed within the period
    actual: float | None
    kept: bool | None
    agreed_s: float
    down_s: float
    degraded_s: float
    maintenance_s: float
    unknown_s: float
    budget_s: float
    outages: tuple[Outage, ...]
    mttr_s: float | None
    mtbf_s: float | None
    incidents: int
    mtta_s: float | None
    never_acknowledged: int
    self_resolved: int
    days: tuple[tuple[date, float | None], ...]
    curve: tuple[float, ...]  # the share of the budget left at the end of each day
    breaches: int
    announced_share: float | None
    penalty: float
    cost: float | None
    value: float | None
    currency: str
    gaps: tuple[str, ...]
    title: str = ""
    customer: str = ""
    consequences: str = ""
    answers: Answers | None = None
    notice_h: float = 1.0


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do, by whom and until when."""

    text: str
    owner: str
    due_on: date
    agreement: str = ""
    done: bool = False
    done_at: datetime | None = None
    done_by: str = ""


REF_LENGTH = 8


class ServiceReview(Record, frozen=True, kw_only=True):
    """`digest` is sha256 over the evidence: who reads it later can tell that it is what was seen then."""

    period: str
    start: datetime
    end: datetime
    made_at: datetime
    made_by: str
    agreements: tuple[ReviewedAgreement, ...]
    actions: tuple[Action, ...] = ()
    digest: str = ""
    timezone: str = "UTC"

    @property
    def ref(self) -> str:
        """The short name that people type."""
        return self.digest[:REF_LENGTH]
