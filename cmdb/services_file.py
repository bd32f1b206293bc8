"""`services.d/*.toml` → services and their agreements. Not their states: `cmdb.hub.services` keeps those.

Check rules stand in the same files and are read by `cmdb.rules_file`.

::

    [[service]]
    name = "shop"
    hours = "Mon-Fri 08:00-18:00"
    timezone = "Europe/Madrid"
    holidays = { country = "ES", subdivision = "MD" }

    [[service.component]]
    name = "web"
    select = "class=endpoint name=~web"
    rule = "2"                              # two of them must be up

    [service.sla]
    period = "30d"
    target = "99.9%"
    respond = { 1 = "15m", 2 = "30m" }
    resolve = { 1 = "4h", 2 = "1d" }
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from cmdb.filter import FilterError
from cmdb.filter import parse as parse_filter
from cmdb.model.service import Agreement, Component, Holidays, Service
from cmdb.practices.calendar import CalendarError, parse_calendar
from cmdb.practices.default_service import NAME
from cmdb.practices.duration import parse_duration_s
from cmdb.practices.period import period_error
from cmdb.practices.service_state import rule_error
from cmdb.rules_file import CheckRules, CheckTable, TemplateTable, read_rules, together
from cmdb.services_writing import as_toml
from cmdb.toml_file import KeyPath, TomlError, convert, error_at, parse, read

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
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
    notice: str = "24h"
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


@dataclass(frozen=True)
class Declared:
    """Everything that the files declare, in the order of their names."""

    services: tuple[Service, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    checks: CheckRules = field(default_factory=CheckRules)


@dataclass(frozen=True)
class _Source:
    """A file with its text, to point into."""

    path: Path
    text: str

    def error(self, key: KeyPath, why: str, next_step: str = "") -> TomlError:
        return error_at(self.path, self.text, key, why, next_step)


def service_files(folder: Path) -> tuple[Path, ...]:
    """The files of the folder that count, by name; none where there is no folder."""
    return tuple(sorted(path for path in folder.glob("*.toml") if not path.name.startswith(".")))


def load_services(folder: Path) -> Declared:
    """What all files of the folder declare. Raises `TomlError` for the first thing that is wrong."""
    services: list[Service] = []
    agreements: list[tuple[_Source, KeyPath, Agreement]] = []
    named: dict[tuple[str, str], Path] = {}
    rules: list[tuple[Path, CheckRules]] = []
    for path in service_files(folder):
        source = _Source(path, read(path))
        tables = convert(path, source.text, parse(path, source.text), ServicesFile)
        for index, table in enumerate(tables.service):
            at: KeyPath = ("service", index)
            _first_of_its_name(named, source, ("service", table.name), (*at, "name"))
            services.append(_service(table, source, at))
        for key, agreement in _agreements(tables, source):
            _first_of_its_name(named, source, ("agreement", agreement.name), key)
            agreements.append((source, key, agreement))
        rules.append((path, read_rules(path, source.text, tables.check, tables.template)))
    known = {NAME, *(service.name for service in services)}
    for source, key, agreement in agreements:
        if agreement.service not in known:
            why = f"there is no service {agreement.service!r}"
            raise source.error((*key, "service"), why, f"declare it, or use one of {', '.join(sorted(known))}")
    return Declared(tuple(services), tuple(agreement for _, _, agreement in agreements), together(rules))


def with_terms(agreement: Agreement, terms: Mapping[str, Any]) -> Agreement:
    """The agreement with these terms, named and written as in a file. Raises `TomlError`."""
    source = _Source(Path("terms"), "")
    tables = tomllib.loads(as_toml([], [agreement]))["agreement"][0] | dict(terms)
    loose = convert(source.path, source.text, tables, LooseAgreementTable)
    changed = _agreement(loose, agreement.name, agreement.service, source, ())
    return msgspec.structs.replace(
        changed,
        id=agreement.id,
        version=agreement.version,
        state=agreement.state,
        revision=agreement.revision,
        signatures=agreement.signatures,
        starts_at=agreement.starts_at,
        source=agreement.source,
    )


def _first_of_its_name(
    named: dict[tuple[str, str], Path], source: _Source, name: tuple[str, str], key: KeyPath
) -> None:
    if other := named.get(name):
        raise source.error(key, f"{name[0]} {name[1]!r} is declared already in {other.name}", "give it another name")
    named[name] = source.path


def _service(table: ServiceTable, source: _Source, at: KeyPath) -> Service:
    _check_name(table.name, source, (*at, "name"))
    holidays = _holidays(table.holidays)
    _check_hours(table.hours, table.timezone, holidays, source, at)
    _check_rule(table.rule, source, (*at, "rule"))
    return Service(
        id=table.name,
        name=table.name,
        title=table.title,
        description=table.description,
        kind=table.kind,
        owner=table.owner,
        customers=table.customers,
        criticality=table.criticality,
        components=tuple(_components(table, source, at)),
        rule=str(table.rule),
        hours=table.hours,
        timezone=table.timezone,
        holidays=holidays,
        source=source.path.name,
    )


def _components(table: ServiceTable, source: _Source, at: KeyPath) -> Iterator[Component]:
    seen: set[str] = set()
    for index, component in enumerate(table.component):
        key = (*at, "component", index)
        if component.name in seen:
            raise source.error((*key, "name"), f"service {table.name!r} has two components {component.name!r}")
        seen.add(component.name)
        _check_rule(component.rule, source, (*key, "rule"))
        _check_selector(component.select, source, (*key, "select"))
        yield Component(name=component.name, select=component.select, rule=str(component.rule), effect=component.effect)


def _agreements(tables: ServicesFile, source: _Source) -> Iterator[tuple[KeyPath, Agreement]]:
    """Those within services, and those beside them."""
    for index, table in enumerate(tables.service):
        at: KeyPath = ("service", index)
        declared: list[tuple[KeyPath, AgreementTable]] = [] if table.sla is None else [((*at, "sla"), table.sla)]
        declared.extend(((*at, "agreement", number), agreement) for number, agreement in enumerate(table.agreement))
        for key, agreement in declared:
            yield key, _agreement(agreement, agreement.name or table.name, table.name, source, key)
    for index, loose in enumerate(tables.agreement):
        yield (
            ("agreement", index),
            _agreement(loose, loose.name or loose.service, loose.service, source, ("agreement", index)),
        )


# Keys that the file and the record have in common, to be taken as they are.
_AS_THEY_ARE = (
    "kind", "customer", "provider", "period", "hours", "timezone", "pauses", "slice_s", "slice_target", "latency_ms",
    "latency_share", "method", "exclusions", "consequences", "penalty", "cost", "value", "currency", "leans_on",
    "stakeholders",
)  # fmt: skip


def _agreement(table: AgreementTable, name: str, service: str, source: _Source, key: KeyPath) -> Agreement:
    _check_name(name, source, (*key, "name"))
    holidays = _holidays(table.holidays)
    _check_hours(table.hours or "24x7", table.timezone, holidays, source, key)
    if error := period_error(table.period):
        raise source.error((*key, "period"), error)
    return Agreement(
        id=name,
        name=name,
        service=service,
        target=_target(table.target, source, (*key, "target")),
        holidays=holidays,
        respond_minutes=_minutes(table.respond, source, (*key, "respond")),
        resolve_minutes=_minutes(table.resolve, source, (*key, "resolve")),
        notice_h=_seconds(table.notice, source, (*key, "notice")) / 3600,
        review_on="" if table.review_on is None else table.review_on.isoformat(),
        source=source.path.name,
        **{term: getattr(table, term) for term in _AS_THEY_ARE},
    )


def _check_name(name: str, source: _Source, key: KeyPath) -> None:
    if not _NAME.fullmatch(name):
        raise source.error(key, f"{name!r} is not a name", "use lower-case letters, digits, dots and dashes")


def _check_rule(rule: str | int, source: _Source, key: KeyPath) -> None:
    if error := rule_error(str(rule)):
        raise source.error(key, error)


def _check_selector(select: str, source: _Source, key: KeyPath) -> None:
    if not select.strip():
        raise source.error(key, "selects everything", "name at least a class (class=endpoint)")
    try:
        parse_filter(select)
    except FilterError as error:
        raise source.error(key, f"{select!r} is no filter: {error}") from error


def _check_hours(hours: str, zone: str, holidays: Holidays, source: _Source, at: KeyPath) -> None:
    # One at a time, so that the error names the key that is wrong.
    for key, text, in_zone, rule in (
        ("timezone", "24x7", zone, Holidays()),
        ("hours", hours, "UTC", Holidays()),
        ("holidays", "24x7", "UTC", holidays),
    ):
        try:
            parse_calendar(text, in_zone, rule)
        except CalendarError as error:
            raise source.error((*at, key), str(error)) from error


def _holidays(table: HolidaysTable) -> Holidays:
    return msgspec.convert(msgspec.to_builtins(table), Holidays)


def _target(target: float | str, source: _Source, key: KeyPath) -> float:
    """A share, from a share, a percentage or a percentage as text."""
    try:
        number = float(target.strip().removesuffix("%")) if isinstance(target, str) else target
    except ValueError:
        number = 0.0
    percent = number > 1 or (isinstance(target, str) and target.strip().endswith("%"))
    share = round(number / 100, 12) if percent else number
    if not 0 < share <= 1:
        raise source.error(key, f"{target!r} is not an availability", 'write "99.9%" or 0.999')
    return share


def _minutes(by_priority: Priorities, source: _Source, key: KeyPath) -> dict[str, int]:
    return {priority: _whole_minutes(value, source, (*key, priority)) for priority, value in by_priority.items()}


def _whole_minutes(value: str | int, source: _Source, key: KeyPath) -> int:
    minutes = value if isinstance(value, int) else _seconds(value, source, key) / 60
    if minutes < 1 or minutes != int(minutes):
        raise source.error(key, f"{value!r} is not a number of whole minutes", 'write "15m", "4h" or minutes')
    return int(minutes)


def _seconds(text: str, source: _Source, key: KeyPath) -> float:
    try:
        return parse_duration_s(text)
    except ValueError as error:
        raise source.error(key, str(error)) from error
