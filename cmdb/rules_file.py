"""`[[check]]` and `[[template]]` of `services.d/*.toml` → `checks.rules`. Not what they make of a CI.

::

    [[check]]                                    # tune what discovery proposes
    name = "usage"
    apply = "class=filesystem mount=/var"
    thresholds.used_percent = { warn = 80, crit = 90 }

    [[check]]                                    # add one; {field} is put in from the CI
    name = "health"
    apply = "class=endpoint protocol=http"
    exclude = "host.name=test*"
    type = "http"
    params = { url = "http://{address}:{port}/health", body_contains = "ok" }
    templates = ["often"]

    [[check]]                                    # refuse one, or all: name = "*"
    name = "swap"
    apply = "class=host"
    refuse = true

    [[check]]                                    # what no agent lives on: the hub's own agent looks
    name = "portal"
    target = "www.example.org"
    type = "http"
    params = { url = "https://{name}/" }

    [[check]]                                    # from outside, though the host has an agent
    name = "from-outside"
    apply = "class=host"
    at = "hub"
    type = "icmp"
    params = { host = "{name}" }

    [[template]]
    name = "often"
    interval = "5s"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from checks.definition import Threshold
from checks.probes import JUDGED_AT_HUB, PROBES, load
from checks.rules import BadRules, Matches, Rule, Tuning, has_placeholder, verify
from checks.threshold import BadRange, parse_range
from cmdb.filter import Filter, FilterError
from cmdb.filter import parse as parse_filter
from cmdb.filter.field import Related, nothing_related
from cmdb.practices.duration import parse_duration_s
from cmdb.toml_file import KeyPath, TomlError, error_at

Length = str | Annotated[float, msgspec.Meta(gt=0)]  # "30s", or seconds


class ThresholdTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ranges in the plugins' syntax; a number alone is a range too."""

    warn: str | float | None = None
    crit: str | float | None = None


class TemplateTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    type: str | None = None
    params: dict[str, Any] = {}
    thresholds: dict[str, ThresholdTable] = {}
    interval: Length | None = None
    retry: Length | None = None
    timeout: Length | None = None
    max_attempts: Annotated[int, msgspec.Meta(ge=1, le=20)] | None = None


class CheckTable(TemplateTable, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`apply` selects CIs, or `target` names one thing that no agent lives on; `at` is who runs it."""

    apply: str = ""
    target: Annotated[str, msgspec.Meta(max_length=255)] = ""
    at: Literal["", "hub"] = ""
    exclude: str = ""
    templates: tuple[str, ...] = ()
    refuse: bool = False


@dataclass(frozen=True)
class CheckRules:
    """All rules in the order of files and lines, and the templates by name."""

    rules: tuple[Rule, ...] = ()
    templates: Mapping[str, Tuning] = field(default_factory=dict)


NO_RULES = CheckRules()


def read_rules(path: Path, text: str, checks: Iterable[CheckTable], templates: Iterable[TemplateTable]) -> CheckRules:
    """The rules of one file. Raises `TomlError` with the line of what is wrong."""
    tunings = {table.name: _tuning(path, text, table, ("template", index)) for index, table in enumerate(templates)}
    rules = tuple(_rule(path, text, table, ("check", index)) for index, table in enumerate(checks))
    return CheckRules(rules, tunings)


def together(parts: Iterable[tuple[Path, CheckRules]]) -> CheckRules:
    """The rules of all files. Raises `TomlError` where they do not fit together."""
    rules: list[Rule] = []
    templates: dict[str, Tuning] = {}
    for path, part in parts:
        for name in part.templates:
            if name in templates:
                raise TomlError(path, None, f"template {name}", "another file has a template of this name")
        templates.update(part.templates)
        rules.extend(part.rules)
    try:
        verify(rules, templates)
    except BadRules as error:
        raise TomlError(Path(str(error).partition(":")[0]), None, "check", str(error)) from error
    return CheckRules(tuple(rules), templates)


def _rule(path: Path, text: str, table: CheckTable, at: KeyPath) -> Rule:
    if table.target and (table.apply or table.exclude):
        raise error_at(path, text, (*at, "target"), "it names one thing and selects others", "only one of both")
    for key, selector in (("apply", table.apply), ("exclude", table.exclude)):
        _check_selector(path, text, selector, (*at, key), may_be_empty=key == "exclude" or bool(table.target))
    return Rule(
        table.name,
        table.apply,
        _tuning(path, text, table, at),
        table.templates,
        table.exclude,
        table.refuse,
        path.name,
        target=table.target,
        at_hub=table.at == "hub" or bool(table.target),
    )


def _check_selector(path: Path, text: str, selector: str, key: KeyPath, *, may_be_empty: bool) -> None:
    if not selector.strip():
        if may_be_empty:
            return
        raise error_at(path, text, key, "selects everything", "name at least a class (class=endpoint)")
    try:
        parse_filter(selector)
    except FilterError as error:
        raise error_at(path, text, key, f"{selector!r} is no filter: {error}") from error


def _tuning(path: Path, text: str, table: TemplateTable, at: KeyPath) -> Tuning:
    _check_type(path, text, table, at)
    return Tuning(
        type=table.type,
        params=table.params,
        thresholds={
            name: _threshold(path, text, one, (*at, "thresholds", name)) for name, one in table.thresholds.items()
        },
        interval_s=_seconds(path, text, table.interval, (*at, "interval")),
        retry_s=_seconds(path, text, table.retry, (*at, "retry")),
        timeout_s=_seconds(path, text, table.timeout, (*at, "timeout")),
        max_attempts=table.max_attempts,
    )


def _check_type(path: Path, text: str, table: TemplateTable, at: KeyPath) -> None:
    """The probe must be one, and take these parameters as far as they can be known without a CI."""
    if table.type is None or table.type in JUDGED_AT_HUB:
        return
    if table.type not in PROBES:
        raise error_at(path, text, (*at, "type"), f"no probe {table.type!r}; there are: {', '.join(sorted(PROBES))}")
    if has_placeholder(table.params) or not isinstance(table, CheckTable) or table.templates:
        return
    try:
        msgspec.convert(table.params, load(table.type).params)
    except msgspec.ValidationError as error:
        raise error_at(path, text, (*at, "params"), str(error).replace("`", "")) from error


def _threshold(path: Path, text: str, table: ThresholdTable, key: KeyPath) -> Threshold:
    ranges = {name: _range(value) for name, value in (("warn", table.warn), ("crit", table.crit))}
    for name, written in ranges.items():
        try:
            if written is not None:
                parse_range(written)
        except BadRange as error:
            raise error_at(path, text, (*key, name), str(error)) from error
    return Threshold(**ranges)


def _range(value: str | float | None) -> str | None:
    return f"{value:g}" if isinstance(value, float) else value


def _seconds(path: Path, text: str, value: Length | None, key: KeyPath) -> float | None:
    if value is None or isinstance(value, float):
        return value
    try:
        return parse_duration_s(value)
    except ValueError as error:
        raise error_at(path, text, key, str(error)) from error


@lru_cache(maxsize=1024)
def _filter(selector: str) -> Filter:
    return parse_filter(selector)


def matching(related: Related = nothing_related) -> Matches:
    """The hub's filter grammar as `checks.rules` wants it; a filesystem's key is its `mount` too."""

    def matches(selector: str, ci: Mapping[str, Any]) -> bool:
        document = {**ci, "mount": ci["key"]} if ci.get("class") == "filesystem" else ci
        return _filter(selector).matches(document, related=related)

    return matches
