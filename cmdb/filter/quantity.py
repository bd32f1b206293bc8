"""Numbers with units and moments as people write them: `10GiB`, `5m`, `80%`, `2026-11-21`, `-2h`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cmdb.practices.duration import parse_duration_s

_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*([A-Za-zµ%]*)")
_DURATIONS_S = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
# One letter is what `df -h` and `ls -h` mean by it: a power of 1024.
_SIZES = {"b": 1, "byte": 1, "bytes": 1} | {
    name: factor
    for power, letter in enumerate("KMGTPE", start=1)
    for name, factor in (
        (letter, 1024**power),
        (f"{letter}iB", 1024**power),
        (f"{letter}i", 1024**power),
        (f"{letter}B", 1000**power),
    )
} | {"k": 1024, "kB": 1000, "B": 1}  # fmt: skip
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?P<time>[T ]\d\d:\d\d(?P<seconds>:\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")


@lru_cache(maxsize=4096)
def number_of(text: str, field: str = "") -> float | None:
    """The number, in bytes, seconds or percent where it has a unit; in milliseconds for a field named `…_ms`."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    number, unit = float(found[1]), found[2]
    if unit in {"", "%"}:
        return number
    if unit in _DURATIONS_S:
        return number * _DURATIONS_S[unit] * (1000 if field.endswith("_ms") else 1)
    return number * _SIZES[unit] if unit in _SIZES else None


class Span(tuple[datetime, datetime]):
    """What a written moment covers: [start, end); a day has 24 hours, a moment of now has no length."""

    __slots__ = ()


def moment_of(text: str, now: datetime) -> Span | None:
    """The time that is meant: ISO 8601 (UTC without an offset), `now`, `today`, or relative to now (`-2h`, `+1d`)."""
    if text == "now":
        return Span((now, now))
    if text == "today":
        return _written(now.date().isoformat())
    if text[:1] in {"-", "+"}:
        try:
            distance = timedelta(seconds=parse_duration_s(text[1:]))
            moment = now - distance if text[0] == "-" else now + distance
        except (ValueError, OverflowError):
            return None
        return Span((moment, moment))
    return _written(text)


@lru_cache(maxsize=4096)
def _written(text: str) -> Span | None:
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        start = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        length_s = 1 if found["seconds"] else 60 if found["time"] else 86400
        return Span((start, start + timedelta(seconds=length_s)))
    except (ValueError, OverflowError):
        return None
