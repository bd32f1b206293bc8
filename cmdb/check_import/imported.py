"""What an import made: rules and templates, and what it did not take; as TOML for `services.d`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from checks.rules import Rule, Tuning

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_NOT_A_NAME = re.compile(r"[^a-z0-9]+")


class CannotImport(ValueError):
    """The file as a whole is not what it was said to be; the message says why."""


@dataclass
class Imported:
    """`not_taken` has a sentence for each thing that has no counterpart here."""

    rules: list[Rule] = field(default_factory=list)
    templates: dict[str, Tuning] = field(default_factory=dict)
    not_taken: list[str] = field(default_factory=list)


def name_of(text: str) -> str:
    """`HTTP on port 80` as the name of a check: `http-on-port-80`."""
    return _NOT_A_NAME.sub("-", text.lower()).strip("-") or "check"


def quoted(value: str) -> str:
    """A value as the filter grammar takes it literally."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def to_toml(imported: Imported) -> str:
    """The rules as a file of `services.d`; what was not taken stands above them as comments."""
    lines = [f"# not taken: {' '.join(one.split())}" for one in imported.not_taken]
    for rule in imported.rules:
        head = {"name": rule.name, "apply": rule.apply, "target": rule.target, "templates": list(rule.templates)}
        lines += ["", "[[check]]", *_keys({**head, **_said(rule.tuning)})]
    for name, tuning in imported.templates.items():
        lines += ["", "[[template]]", *_keys({"name": name, **_said(tuning)})]
    return "\n".join(lines).lstrip("\n") + "\n"


def _said(tuning: Tuning) -> dict[str, Any]:
    """The tuning with the keys of the file."""
    said = {
        "type": tuning.type,
        "params": tuning.params,
        "thresholds": {name: msgspec.to_builtins(one) for name, one in tuning.thresholds.items()},
        "max_attempts": tuning.max_attempts,
    }
    lengths = {"interval": tuning.interval_s, "retry": tuning.retry_s, "timeout": tuning.timeout_s}
    return {**said, **{name: None if value is None else f"{value:g}s" for name, value in lengths.items()}}


def _keys(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        if value not in (None, {}, [], ""):
            yield f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    """A value in TOML; inline, so that each check stays one block."""
    if isinstance(value, Mapping):
        pairs = (f"{_key(key)} = {_value(inner)}" for key, inner in value.items() if inner is not None)
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    # A JSON string or number is a TOML one too; JSON escapes DEL by nothing, which TOML wants.
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)
