"""Values within a JSON body, found by JMESPath: some must be this, some are metrics. Needs the extra `json`."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from checks.finding import CouldNotLook, Unhealthy
from checks.perfdata import printable
from checks.result import Metric


def judge_json(url: str, content: bytes, wanted: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[Metric]:
    """A metric for each of `values` (name → expression); raises `Unhealthy` where one of `wanted` is another."""
    if not wanted and not values:
        return
    document = _document(url, content)
    for expression, value in wanted.items():
        found = _search(expression, document)
        if found != value or isinstance(found, bool) != isinstance(value, bool):
            said = _said(found)
            words = f"{url}: {expression} is {said}"
            raise Unhealthy(words, expected=f"{expression} {_said(value)}", actual=f"{expression} {said}")
    for name, expression in values.items():
        found = _search(expression, document)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            raise Unhealthy(f"{url}: {expression} is no number but {_said(found)}", expected="a number")
        yield Metric(name, float(found))


def _document(url: str, content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        start = printable(content[:200].decode("utf-8", "replace"))
        raise Unhealthy(f"{url}: its body is no JSON: {error}", expected="JSON", actual=start) from error


def _search(expression: str, document: Any) -> Any:
    try:
        jmespath = importlib.import_module("jmespath")
    except ImportError as error:
        raise CouldNotLook("looking into JSON needs jmespath: install watchdeck[json]", "unsupported") from error
    try:
        return jmespath.search(expression, document)
    except jmespath.exceptions.JMESPathError as error:
        why = " ".join(str(error).split())
        raise CouldNotLook(f"{expression!r} is no JMESPath for this body: {why[:200]}", "bad_params") from error


def _said(value: Any) -> str:
    return printable(msgspec.json.encode(value).decode())[:200]
