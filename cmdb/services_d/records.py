"""Tables of `services.d` → services and agreements; what is wrong in them is named with its file, line and key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from cmdb.filter import FilterError
from cmdb.filter import parse as parse_filter
from cmdb.model.service import Agreement, Component, Holidays, Service
from cmdb.practices.calendar import CalendarError, parse_calendar
from cmdb.practices.duration import parse_duration_s
from cmdb.practices.exclusion import without
from cmdb.practices.period import period_error
from cmdb.practices.service_state import rule_error
from cmdb.services_d.tables import (
    AgreementTable,
    HolidaysTable,
    LooseAgreementTable,
    Priorities,
    ServicesFile,
    ServiceTable,
)
from cmdb.services_d.writing import terms_of
from cmdb.toml_file import KeyPath, TomlError, convert, error_at

_SOME_WEEKS = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


@dataclass(frozen=True)
class Source:
    """A file with its text, to point into."""

    path: Path
    text: str

    def error(self, key: KeyPath, why: str, next_step: str = "") -> TomlError:
        return error_at(self.path, self.text, key, why, next_step)


def with_terms(agreement: Agreement, terms: Mapping[str, Any]) -> Agreement:
    """The agreement with these terms, named and written as in a file. Raises `TomlError`."""
    source = Source(Path("terms"), "")
    tables = terms_of(agreement) | dict(terms)
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


def service_of(table: ServiceTable, source: Source, at: KeyPath) -> Service:
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
        stage=table.stage,
        hours=table.hours,
        timezone=table.timezone,
        holidays=holidays,
        source=source.path.name,
    )


def _components(table: ServiceTable, source: Source, at: KeyPath) -> Iterator[Component]:
    seen: set[str] = set()
    for index, component in enumerate(table.component):
        key = (*at, "component", index)
        if component.name in seen:
            raise source.error((*key, "name"), f"service {table.name!r} has two components {component.name!r}")
        seen.add(component.name)
        _check_rule(component.rule, source, (*key, "rule"))
        _check_selector(component.select, source, (*key, "select"))
        yield Component(
            name=component.name,
            select=component.select,
            rule=str(component.rule),
            effect=component.effect,
            optional=component.optional,
        )


def agreements_of(tables: ServicesFile, source: Source) -> Iterator[tuple[KeyPath, Agreement]]:
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
    "minimum_observations",
    "latency_share", "method", "exclusions", "consequences", "penalty", "cost", "value", "currency", "leans_on",
    "stakeholders",
)  # fmt: skip


def _agreement(table: AgreementTable, name: str, service: str, source: Source, key: KeyPath) -> Agreement:
    _check_name(name, source, (*key, "name"))
    holidays = _holidays(table.holidays)
    _check_hours(table.hours or "24x7", table.timezone, holidays, source, key)
    _check_something_is_left(table, source, key)
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


def _check_something_is_left(table: AgreementTable, source: Source, key: KeyPath) -> None:
    hours = without(parse_calendar(table.hours or "24x7", table.timezone), table.exclusions)
    if not hours.open_spans(*_SOME_WEEKS):
        raise source.error((*key, "exclusions"), "leave no open hour at all", "exclude less")


def _check_name(name: str, source: Source, key: KeyPath) -> None:
    if not _NAME.fullmatch(name):
        raise source.error(key, f"{name!r} is not a name", "use lower-case letters, digits, dots and dashes")


def _check_rule(rule: str | int, source: Source, key: KeyPath) -> None:
    if error := rule_error(str(rule)):
        raise source.error(key, error)


def _check_selector(select: str, source: Source, key: KeyPath) -> None:
    if not select.strip():
        raise source.error(key, "selects everything", "name at least a class (class=endpoint)")
    try:
        parse_filter(select)
    except FilterError as error:
        raise source.error(key, f"{select!r} is no filter: {error}") from error


def _check_hours(hours: str, zone: str, holidays: Holidays, source: Source, at: KeyPath) -> None:
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


def _target(target: float | str, source: Source, key: KeyPath) -> float:
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


def _minutes(by_priority: Priorities, source: Source, key: KeyPath) -> dict[str, int]:
    return {priority: _whole_minutes(value, source, (*key, priority)) for priority, value in by_priority.items()}


def _whole_minutes(value: str | int, source: Source, key: KeyPath) -> int:
    minutes = value if isinstance(value, int) else _seconds(value, source, key) / 60
    if minutes < 1 or minutes != int(minutes):
        raise source.error(key, f"{value!r} is not a number of whole minutes", 'write "15m", "4h" or minutes')
    return int(minutes)


def _seconds(text: str, source: Source, key: KeyPath) -> float:
    try:
        return parse_duration_s(text)
    except ValueError as error:
        raise source.error(key, str(error)) from error
