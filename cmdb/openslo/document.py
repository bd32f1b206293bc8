"""OpenSLO documents as structs: what the specification calls required is, what it forbids is refused.

`FieldError` names the document and the field, as a path from its root.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec
import yaml

API_VERSION = "openslo/v1"
MAX_BYTES = 1024 * 1024
KINDS = ("DataSource", "SLO", "SLI", "AlertPolicy", "AlertCondition", "AlertNotificationTarget", "Service")
T = TypeVar("T")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")


class FieldError(ValueError):
    """`field` of the document `name` cannot be taken, and why."""

    def __init__(self, name: str, field: str, why: str) -> None:
        super().__init__(f"{name}: {field}: {why}")
        self.name, self.field, self.why = name, field, why


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A mapping of a document."""


class Metadata(Part, frozen=True, kw_only=True):
    name: str
    display_name: str = ""
    labels: dict[str, str | list[str]] = {}
    annotations: dict[str, str] = {}


class Metric(Part, frozen=True, kw_only=True):
    """Where figures come from; its `spec` is anything."""

    metric_source: dict[str, Any]


class RatioMetric(Part, frozen=True, kw_only=True):
    counter: bool = False
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric | None = None
    raw_type: Literal["success", "failure"] | None = None
    raw: Metric | None = None


class SliSpec(Part, frozen=True, kw_only=True):
    description: str = ""
    threshold_metric: Metric | None = None
    ratio_metric: RatioMetric | None = None


class Sli(Part, frozen=True, kw_only=True):
    metadata: Metadata
    spec: SliSpec


class CalendarStart(Part, frozen=True, kw_only=True):
    start_time: datetime
    time_zone: str


class TimeWindow(Part, frozen=True, kw_only=True):
    duration: str
    is_rolling: bool = False
    calendar: CalendarStart | None = None


class Objective(Part, frozen=True, kw_only=True):
    display_name: str = ""
    op: Literal["lte", "gte", "lt", "gt"] | None = None
    value: float | None = None
    target: float | None = None
    target_percent: float | None = None
    time_slice_target: float | None = None
    time_slice_window: str | float | None = None
    indicator: Sli | None = None
    indicator_ref: str = ""
    composite_weight: float = 1.0


class SloSpec(Part, frozen=True, kw_only=True):
    description: str = ""
    service: str
    indicator: Sli | None = None
    indicator_ref: str = ""
    time_window: list[TimeWindow] = []
    budgeting_method: Literal["Occurrences", "Timeslices", "RatioTimeslices"]
    objectives: list[Objective]
    alert_policies: list[Any] | None = None


class Slo(Part, frozen=True, kw_only=True):
    metadata: Metadata
    spec: SloSpec


class Service(Part, frozen=True, kw_only=True):
    metadata: Metadata
    spec: dict[str, Any] | None = None


class Documents(msgspec.Struct, frozen=True):
    """What a file holds that is about services, and by name the indicators that objectives refer to."""

    services: tuple[Service, ...] = ()
    slos: tuple[Slo, ...] = ()
    indicators: dict[str, Sli] = {}


def read_documents(text: str) -> Documents:
    """The documents of a YAML text. Raises `FieldError`; kinds that are not about services are passed over."""
    services: list[Service] = []
    slos: list[Slo] = []
    indicators: dict[str, Sli] = {}
    for number, document in enumerate(_loaded(text), 1):
        kind, name, body = _headed(document, number)
        if kind == "Service":
            services.append(_converted(name, body, Service))
        elif kind == "SLI":
            indicators[body["metadata"]["name"]] = _converted(name, body, Sli)
        elif kind == "SLO":
            slos.append(_converted(name, body, Slo))
    for slo in slos:
        _check(slo, indicators)
    return Documents(tuple(services), tuple(slos), indicators)


class _Loader(yaml.SafeLoader):
    """Without aliases: a few lines of them can stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError(f"aliases are not taken{self.get_mark()}")
        return super().compose_node(parent, index)


def _loaded(text: str) -> Iterable[Any]:
    if len(text) > MAX_BYTES:
        raise FieldError("file", "", f"is over {MAX_BYTES} bytes")
    try:
        return [document for document in yaml.load_all(text, _Loader) if document is not None]
    except yaml.YAMLError as error:
        raise FieldError("file", "", f"is not YAML: {error}") from error


def _headed(document: Any, number: int) -> tuple[str, str, dict[str, Any]]:
    """Kind, name for people, and the rest of a document."""
    if not isinstance(document, dict):
        raise FieldError(f"document {number}", "", "is not a mapping")
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    where = f"document {number}" if not isinstance(name, str) else name
    if document.get("apiVersion") != API_VERSION:
        raise FieldError(where, "apiVersion", f"is {document.get('apiVersion')!r}, not {API_VERSION}")
    if document.get("kind") not in KINDS:
        raise FieldError(where, "kind", f"{document.get('kind')!r} is none of {', '.join(KINDS)}")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise FieldError(where, "metadata.name", f"{name!r} is not a name of RFC 1123")
    return document["kind"], where, {key: document[key] for key in document.keys() - {"apiVersion", "kind"}}


def _converted(name: str, body: dict[str, Any], type_: type[T]) -> T:
    try:
        return msgspec.convert(body, type_)
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        why = _PLACE.sub("", str(error)).replace("`", "")
        raise FieldError(name, place[1] if place else "", why) from error


def _check(slo: Slo, indicators: dict[str, Sli]) -> None:
    for field, why in _problems(slo.spec, indicators):
        raise FieldError(slo.metadata.name, field, why)


def _problems(spec: SloSpec, indicators: dict[str, Sli]) -> Iterator[tuple[str, str]]:
    if len(spec.time_window) > 1:
        yield "spec.timeWindow", "has more than one window"
    if not spec.objectives:
        yield "spec.objectives", "has no objective"
    if spec.indicator_ref and spec.indicator_ref not in indicators:
        yield "spec.indicatorRef", f"there is no SLI {spec.indicator_ref!r} in the file"
    whole = spec.indicator is not None or bool(spec.indicator_ref)
    for number, objective in enumerate(spec.objectives):
        field = f"spec.objectives[{number}]"
        yield from _objective_problems(objective, field, spec.budgeting_method)
        if not whole and objective.indicator is None and not objective.indicator_ref:
            yield "spec.indicator", "neither indicator nor indicatorRef is given"


def _objective_problems(objective: Objective, field: str, method: str) -> Iterator[tuple[str, str]]:
    if (objective.target is None) == (objective.target_percent is None):
        yield f"{field}.target", "exactly one of target and targetPercent is needed"
    elif not 0 <= share_of(objective) < 1:
        yield f"{field}.target", "is not in [0, 1), nor targetPercent in [0, 100)"
    if method == "Timeslices" and objective.time_slice_target is None:
        yield f"{field}.timeSliceTarget", "is needed with Timeslices"
    if method != "Occurrences" and objective.time_slice_window is None:
        yield f"{field}.timeSliceWindow", f"is needed with {method}"


def share_of(objective: Objective) -> float:
    """The target as a share."""
    return objective.target if objective.target is not None else round((objective.target_percent or 0.0) / 100, 12)
