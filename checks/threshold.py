"""Ranges in the monitoring plugins' syntax: when a value alerts. Not what is measured, not what the alert means.

The grammar is `[@][start:][end]` of the Monitoring Plugins Development Guidelines: outside alerts, `@` turns that
round, both ends belong to the range, `~` is minus infinity, a missing start is 0 and a missing end is infinity.
"""

from __future__ import annotations

import functools
import math
import re
from typing import Optional

import msgspec

NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_RANGE = re.compile(rf"(?P<inside>@)?(?:(?P<start>~|{NUMBER})?(?P<colon>:))?(?P<end>{NUMBER})?")


class BadRange(ValueError):
    """This text is no range; the message says why."""


class Range(msgspec.Struct, frozen=True):
    """Both ends are included; `inside` alerts within them instead of without."""

    start: float
    end: float
    inside: bool = False

    def alerts(self, value: float) -> bool:
        """Whether this value is to be alerted on."""
        return (self.start <= value <= self.end) == self.inside

    def wanted(self) -> str:
        """What a value should have been, for people: `at most 90`, `between 10 and 20`."""
        if self.inside:
            return f"not {_between(self.start, self.end)}"
        return _between(self.start, self.end)


def _between(start: float, end: float) -> str:
    if math.isinf(start) and math.isinf(end):
        return "any value"
    if math.isinf(end):
        return f"at least {start:g}"
    if math.isinf(start) or (start == 0 and end > 0):
        return f"at most {end:g}"
    if start == end:
        return f"{start:g}"
    return f"between {start:g} and {end:g}"


@functools.lru_cache(maxsize=1024)
def parse_range(text: str) -> Range:
    """The range that this text says; raises `BadRange`."""
    match = _RANGE.fullmatch(text)
    if match is None or not (match["end"] or match["colon"]):
        raise BadRange(f"{text[:80]!r} is no range: wanted [@][start:][end], as in 10, 10:, ~:10 or @10:20")
    start = _number(match["start"], 0.0)
    end = _number(match["end"], math.inf)
    if start > end:
        raise BadRange(f"{text[:80]!r} is no range: its start is above its end")
    return Range(start, end, bool(match["inside"]))


def _number(text: Optional[str], missing: float) -> float:
    if not text:
        return missing
    return -math.inf if text == "~" else float(text)
