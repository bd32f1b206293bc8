"""What a monitoring plugin printed, as text and metrics. Not how it is run, nor what its exit code means."""

from __future__ import annotations

import math
import re
from typing import Optional

import msgspec

from checks.result import Metric
from checks.threshold import NUMBER, BadRange, parse_range

MAX_OUTPUT_CHARS = 64 * 1024
MAX_METRICS = 1000

# A quoted label may hold blanks and `''`; whatever follows up to a blank is the rest of the item.
_ITEM = re.compile(r"'(?:[^']|'')*'\S*|\S+")
_VALUE = re.compile(rf"(?P<number>{NUMBER})(?P<unit>(?:[^\W\d_]|[%°/·²³-])*)")
_NUMBER = re.compile(NUMBER)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Printed(msgspec.Struct, frozen=True):
    """A plugin's output: one line, what followed it, its metrics, and what of its perfdata could not be read."""

    text: str
    long_text: str
    metrics: tuple[Metric, ...]
    problems: tuple[str, ...]


class _Invalid(ValueError):
    """This item is not perfdata; the message says why."""


def printable(text: str) -> str:
    """The text without control characters and direction overrides; line ends and tabs stay."""
    return _UNPRINTABLE.sub("", text)


def parse_output(text: str) -> Printed:
    """Split `TEXT|PERF`, long text, `|` and more perfdata, as the plugin interface lays them out."""
    first, _, rest = printable(text[:MAX_OUTPUT_CHARS]).strip("\n").partition("\n")
    line, _, perfdata = first.partition("|")
    long_text, _, more = rest.partition("|")
    metrics, problems = parse_perfdata(f"{perfdata} {more}")
    return Printed(line.strip(), long_text.strip("\n"), metrics, problems)


def parse_perfdata(text: str) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    """Every item that can be read, and a sentence for each that cannot."""
    metrics: list[Metric] = []
    problems: list[str] = []
    for item in _ITEM.findall(text):
        if len(metrics) + len(problems) == MAX_METRICS:
            problems.append(f"more than {MAX_METRICS} items: the rest is left out")
            break
        try:
            metrics.append(_metric(item))
        except (_Invalid, BadRange) as wrong:
            problems.append(f"{item[:80]}: {wrong}")
    return tuple(metrics), tuple(problems)


def _metric(item: str) -> Metric:
    """`'label'=value[UOM];warn;crit;min;max`, split at the last `=` because a label may hold one."""
    label, equals, rest = item.rpartition("=")
    if not equals:
        raise _Invalid("no label=value")
    value, *limits = rest.rstrip(";").split(";")
    if len(limits) > 4:
        raise _Invalid("more than value;warn;crit;min;max")
    warn, crit, minimum, maximum = (limit or None for limit in (*limits, "", "", "", "")[:4])
    number, unit = _value(value)
    return Metric(_label(label), number, unit, _range(warn), _range(crit), _bound(minimum), _bound(maximum))


def _label(text: str) -> str:
    quoted = len(text) >= 2 and text[0] == text[-1] == "'"
    label = text[1:-1].replace("''", "'") if quoted else text
    if not label:
        raise _Invalid("no label")
    return label


def _value(text: str) -> tuple[Optional[float], str]:
    if text == "U":
        return None, ""
    match = _VALUE.fullmatch(text)
    if match is None:
        raise _Invalid(f"{text!r} is no value")
    return _finite(match["number"]), match["unit"]


def _range(text: Optional[str]) -> Optional[str]:
    if text is not None:
        parse_range(text)
    return text


def _bound(text: Optional[str]) -> Optional[float]:
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise _Invalid(f"{text!r} is no minimum or maximum")
    return _finite(text)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _Invalid(f"{text} is beyond any number")
    return number
