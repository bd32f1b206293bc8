"""OpenSLO objectives as agreements, and agreements as OpenSLO. What the record cannot measure is refused by field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
import yaml

from cmdb.model.service import Agreement, Service
from cmdb.openslo.document import API_VERSION, Documents, FieldError, Objective, Slo, TimeWindow, share_of

MONTHS = {"M": 1, "Q": 3, "Y": 12}
_DURATION = re.compile(r"([1-9]\d*)([mhdwMQY])")
_UNITS_S = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_UNIT_OF = {(1, "d"): "day", (1, "w"): "week", (1, "M"): "month", (1, "Q"): "quarter", (1, "Y"): "year"}
SLICE_S = 60.0  # of exported agreements, which are by time


class Taken(msgspec.Struct, frozen=True):
    """What a file gives, and what of it was refused, each with its field."""

    services: tuple[Service, ...]
    agreements: tuple[Agreement, ...]
    refused: tuple[str, ...]


def taken(documents: Documents, source: str) -> Taken:
    """Services and agreements of the documents; a service that only objectives name is made for them."""
    agreements: list[Agreement] = []
    refused: list[str] = []
    for slo in documents.slos:
        try:
            agreements.extend(_agreements(slo, source))
        except FieldError as error:
            refused.append(str(error))
    described = {one.metadata.name: one for one in documents.services}
    names = sorted({*described, *(agreement.service for agreement in agreements)})
    services = [
        Service(
            id=name,
            name=name,
            title=described[name].metadata.display_name if name in described else "",
            description=str((described[name].spec or {}).get("description", "")) if name in described else "",
            source=source,
        )
        for name in names
    ]
    return Taken(tuple(services), tuple(agreements), tuple(refused))


def _agreements(slo: Slo, source: str) -> Iterator[Agreement]:
    name, spec = slo.metadata.name, slo.spec
    if spec.budgeting_method == "Occurrences":
        raise FieldError(name, "spec.budgetingMethod", "Occurrences counts events; the record of a service counts time")
    indicator = spec.indicator
    if indicator is not None and indicator.spec.threshold_metric is not None:
        raise FieldError(name, "spec.indicator.spec.thresholdMetric", "only the availability of a service is measured")
    period, zone = _period(name, spec.time_window)
    for number, objective in enumerate(spec.objectives):
        one = name if len(spec.objectives) == 1 else _slug(f"{name}-{objective.display_name or number + 1}")
        length_s = _slice_s(objective.time_slice_window, f"spec.objectives[{number}].timeSliceWindow", name)
        sliced = spec.budgeting_method == "Timeslices"  # ratio time slices are availability by time
        yield Agreement(
            id=one,
            name=one,
            service=spec.service,
            period=period,
            hours="24x7",
            timezone=zone,
            target=share_of(objective),
            method=_method(slo, objective),
            source=source,
            slice_s=length_s if sliced else None,
            slice_target=(objective.time_slice_target or 1.0) if sliced else 1.0,
        )


def _slice_s(window: str | float | None, field: str, name: str) -> float:
    if isinstance(window, int | float):
        return float(window) * 60  # the specification's unit of a bare number
    count, unit = _split(str(window), field, name)
    if unit not in _UNITS_S:
        raise FieldError(name, field, f"{window!r} has no fixed length")
    return float(count * _UNITS_S[unit])


def _period(name: str, windows: list[TimeWindow]) -> tuple[str, str]:
    """The agreement's period and zone; without a window, the last 30 days."""
    if not windows:
        return "30d", "UTC"
    [window] = windows
    field = "spec.timeWindow[0].duration"
    count, unit = _split(window.duration, field, name)
    if window.calendar is None:
        if unit in MONTHS:
            raise FieldError(name, field, f"{window.duration} rolls, and has no fixed length; write it in days")
        days = count * _UNITS_S[unit] / _UNITS_S["d"]
        if days != int(days):
            raise FieldError(name, field, f"{window.duration} is not a number of whole days")
        return f"{int(days)}d", "UTC"
    if (count, unit) not in _UNIT_OF:
        meant = "; a calendar month is 1M" if unit == "m" else ""
        raise FieldError(name, field, f"{window.duration} is not a day, week, month, quarter or year{meant}")
    start = window.calendar.start_time
    return f"{_UNIT_OF[count, unit]}@{start.isoformat(timespec='minutes')}", window.calendar.time_zone


def _split(text: str, field: str, name: str) -> tuple[int, str]:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise FieldError(name, field, f"{text!r} is not a duration such as 4w or 1M")
    return int(match[1]), match[2]


def _method(slo: Slo, objective: Objective) -> str:
    title = objective.display_name or slo.metadata.display_name
    return f"OpenSLO {slo.spec.budgeting_method} {slo.metadata.name}{f' ({title})' if title else ''}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63]


def written(services: Iterable[Service], agreements: Iterable[Agreement]) -> str:
    """The YAML of these, one document each."""
    documents = [*map(_service_document, services), *map(_slo_document, agreements)]
    return yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, explicit_start=True)


def _service_document(service: Service) -> dict[str, Any]:
    spec = {"description": service.description} if service.description else {}
    return _document("Service", service.name, service.title, spec)


def _slo_document(agreement: Agreement) -> dict[str, Any]:
    objective: dict[str, Any] = {"target": agreement.target}
    if agreement.slice_s is not None:
        objective["timeSliceTarget"] = agreement.slice_target
    objective["timeSliceWindow"] = f"{int((agreement.slice_s or SLICE_S) / 60)}m"
    spec = {
        **({"description": agreement.consequences} if agreement.consequences else {}),
        "service": agreement.service,
        "indicator": _indicator(agreement),
        "timeWindow": [_window(agreement)],
        "budgetingMethod": "RatioTimeslices" if agreement.slice_s is None else "Timeslices",
        "objectives": [objective],
    }
    return _document("SLO", agreement.name, "", spec)


def _indicator(agreement: Agreement) -> dict[str, Any]:
    def metric(state: str) -> dict[str, Any]:
        return {"metricSource": {"type": "Watchdeck", "spec": {"service": agreement.service, "seconds": state}}}

    ratio = {"counter": True, "good": metric("up"), "total": metric("observed")}
    return {"metadata": {"name": f"{agreement.name}-availability"[:63]}, "spec": {"ratioMetric": ratio}}


def _window(agreement: Agreement) -> Mapping[str, Any]:
    unit, _, anchor = agreement.period.partition("@")
    for (count, letter), word in _UNIT_OF.items():
        if unit == word:
            first = "1970-01-05T00:00" if unit == "week" else "1970-01-01T00:00"
            start = (anchor or first).replace("T", " ") + ":00"
            calendar = {"startTime": start, "timeZone": agreement.timezone}
            return {"duration": f"{count}{letter}", "calendar": calendar, "isRolling": False}
    return {"duration": agreement.period, "isRolling": True}


def _document(kind: str, name: str, title: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, **({"displayName": title} if title else {})}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": dict(spec)}
