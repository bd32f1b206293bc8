"""The tables of a file of `services.d`, as they are written there. Not what they mean: `records` reads that."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec

from cmdb.rules_file import CheckTable, TemplateTable

Money = Annotated[float, msgspec.Meta(ge=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Priorities = dict[Literal["1", "2", "3", "4", "5"], str | int]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class HolidaysTable(Table, frozen=True, kw_only=True):
    country: str = ""
    subdivision: str = ""
    dates: tuple[str, ...] = ()
    except_dates: tuple[str, ...] = ()


class ComponentTable(Table, frozen=True, kw_only=True):
    name: str
    select: str
    rule: str | int = "worst"
    effect: Literal["down", "degraded"] = "down"
    optional: bool = False


class AgreementTable(Table, frozen=True, kw_only=True):
    """`target` is a share (0.999), a percentage (99.9) or one as text ("99.9%"); hours default to the service's."""

    name: str = ""
    kind: Literal["sla", "ola", "contract"] = "sla"
    customer: str = ""
    provider: str = ""
    period: str = "30d"
    target: float | str
    slice_s: Positive | None = None
    slice_target: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    minimum_observations: Annotated[int, msgspec.Meta(ge=0)] = 0
    hours: str = ""
    timezone: str = "UTC"
    holidays: HolidaysTable = HolidaysTable()
    respond: Priorities = {}
    resolve: Priorities = {}
    pauses: tuple[str, ...] = ()
    latency_ms: Positive | None = None
    latency_share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.95
    method: str = ""
    exclusions: tuple[str, ...] = ()
    consequences: str = ""
    penalty: Money = 0.0
    cost: Money | None = None
    value: Money | None = None
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] = "EUR"
    leans_on: tuple[str, ...] = ()
    stakeholders: tuple[str, ...] = ()
    notice: str = "1h"
    review_on: date | None = None


class ServiceTable(Table, frozen=True, kw_only=True):
    name: str
    title: str = ""
    description: str = ""
    kind: Literal["business", "technical"] = "business"
    owner: str = ""
    customers: tuple[str, ...] = ()
    criticality: Annotated[int, msgspec.Meta(ge=1, le=3)] = 2
    hours: str = "24x7"
    timezone: str = "UTC"
    holidays: HolidaysTable = HolidaysTable()
    rule: str | int = "worst"
    stage: Literal["pipeline", "live", "retired"] = "live"
    component: list[ComponentTable] = []
    sla: AgreementTable | None = None
    agreement: list[AgreementTable] = []


class LooseAgreementTable(AgreementTable, frozen=True, kw_only=True):
    """An agreement in another place than its service."""

    service: str


class ServicesFile(Table, frozen=True, kw_only=True):
    service: list[ServiceTable] = []
    agreement: list[LooseAgreementTable] = []
    check: list[CheckTable] = []
    template: list[TemplateTable] = []
