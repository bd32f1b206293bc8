"""Matchers of labels, with Alertmanager's published semantics: a label that is missing is the empty text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

Labels = Mapping[str, str]
_MATCHER = re.compile(r"^\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(=~|!~|!=|=)\s*(.*?)\s*$")
LONGEST_PATTERN = 1000


class Matcher(NamedTuple):
    """`name`, one of `=`, `!=`, `=~`, `!~`, and a text or a regular expression that is anchored at both ends."""

    name: str
    operator: str
    value: str

    def matches(self, labels: Labels) -> bool:
        value = labels.get(self.name, "")
        if self.operator in {"=", "!="}:
            return (value == self.value) is (self.operator == "=")
        return bool(_pattern(self.value).fullmatch(value)) is (self.operator == "=~")

    def __str__(self) -> str:
        return f'{self.name}{self.operator}"{self.value}"'


def parse_matcher(text: str) -> Matcher:
    """`name="value"`, `name=~"pattern"` …; the quotes may be left out. Raises `ValueError`."""
    found = _MATCHER.match(text)
    if not found:
        raise ValueError(f"{text!r} is no matcher: write name=value, name!=value, name=~pattern or name!~pattern")
    name, operator, value = found.groups()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if operator in {"=~", "!~"}:
        if len(value) > LONGEST_PATTERN:
            raise ValueError(f"a pattern of {len(value)} characters")
        try:
            _pattern(value)
        except re.error as error:
            raise ValueError(f"{value!r} is no regular expression: {error}") from error
    return Matcher(name, operator, value)


def all_match(matchers: Iterable[Matcher], labels: Labels) -> bool:
    return all(matcher.matches(labels) for matcher in matchers)


def matches_nothing_in_particular(matchers: Iterable[Matcher]) -> bool:
    """Whether every matcher also holds for labels that are not there: such a set would hold for everything."""
    return all(matcher.matches({}) for matcher in matchers)


@lru_cache(maxsize=1024)
def _pattern(value: str) -> re.Pattern[str]:
    return re.compile(value, re.DOTALL)
