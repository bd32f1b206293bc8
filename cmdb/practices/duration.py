"""Lengths of time as people write and say them (`30d`, `43 min 12 s`)."""

from __future__ import annotations

import re

_UNITS_S = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)")


def parse_duration_s(text: str) -> float:
    """Seconds of `90s`, `15m`, `4h`, `30d`, `2w`, or several together (`1h 30m`)."""
    parts = _LENGTH.findall(text)
    if not parts or _LENGTH.sub("", text).strip():
        raise ValueError(f"not a length of time: {text!r}; write 15m, 4h, 30d or 1h 30m")
    return sum(float(number) * _UNITS_S[unit] for number, unit in parts)


def spoken(seconds: float) -> str:
    """The two largest units that matter: `3 d 4 h`, `43 min 12 s`, `19.2 s`."""
    whole = round(abs(seconds), 1)
    if whole < 60:
        return f"{whole:g} s"
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for name, size in units:
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count:g} {name}")
    return " ".join(parts[:2])
