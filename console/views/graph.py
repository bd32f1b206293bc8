"""Values over time as text: a line of rising signs, or an area of braille dots several lines high, with its scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from console.views.glyphs import ASCII, Glyphs
from console.views.ink import Ink, Line, Span
from console.views.text import fit

Values = Sequence[float | None]
# The dots of one sign, from below: left column, right column (Unicode 2800).
_LEFT, _RIGHT = (0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08)
_DOTS = 4


def spark(values: Values, glyphs: Glyphs, low: float | None = None, high: float | None = None) -> str:
    """One sign a value, from the lowest to the highest of them; a dot where there is none."""
    known = [value for value in values if value is not None]
    least = min(known, default=0.0) if low is None else low
    most = max(known, default=0.0) if high is None else high
    top = len(glyphs.spark) - 1
    return "".join(
        glyphs.dot if value is None else glyphs.spark[round(_share(value, least, most) * top)] for value in values
    )


def area(values: Values, lines: int, low: float, high: float, glyphs: Glyphs) -> list[str]:
    """So many lines from above, two values a sign; in ASCII one sign for both."""
    heights = [None if value is None else _share(value, low, high) * lines for value in values]
    pairs = [(heights[position], (*heights, None)[position + 1]) for position in range(0, len(heights), 2)]
    sign = _ascii_sign if glyphs is ASCII else _braille_sign
    return ["".join(sign(pair, lines - 1 - line) for pair in pairs) for line in range(lines)]


def chart(
    sampled: Callable[[int], Values],
    lines: int,
    low: float,
    high: float,
    said: Callable[[float], str],
    ink: Callable[[float], Ink],
    ends: tuple[str, str],
    glyphs: Glyphs,
    cells: int,
) -> list[Line]:
    """An area with its scale on the left and its ends below; `ink` colours a line by the value at its middle."""
    label = max(len(said(low)), len(said(high))) + 1
    width = max(4, cells - label)
    drawn = area(sampled(2 * width), lines, low, high, glyphs)
    step = (high - low) / lines
    found: list[Line] = []
    for position, signs in enumerate(drawn):
        at = said(high) if position == 0 else said(low) if position == lines - 1 else ""
        scale: Span = (fit(at, label - 1, right=True) + " ", Ink.FAINT)
        found.append((scale, (signs, ink(high - (position + 0.5) * step))))
    space = width - len(ends[0]) - len(ends[1])
    found.append(((" " * label, Ink.FAINT), (ends[0] + " " * max(1, space) + ends[1], Ink.FAINT)))
    return found


def between(points: Sequence[tuple[datetime, float]], count: int) -> Values:
    """So many values at equal distances along these points, straight from one to the next."""
    if not points:
        return [None] * count
    first, last = points[0][0], points[-1][0]
    length_s = max(1e-9, (last - first).total_seconds())
    found: list[float | None] = []
    position = 0
    for number in range(count):
        at_s = length_s * number / max(1, count - 1)
        while position + 1 < len(points) and (points[position + 1][0] - first).total_seconds() < at_s:
            position += 1
        found.append(_along(points, position, first, at_s))
    return found


def _along(points: Sequence[tuple[datetime, float]], position: int, first: datetime, at_s: float) -> float:
    start, value = points[position]
    if position + 1 == len(points):
        return value
    end, following = points[position + 1]
    start_s, end_s = (start - first).total_seconds(), (end - first).total_seconds()
    share = (at_s - start_s) / (end_s - start_s) if end_s > start_s else 1.0
    return value + (following - value) * max(0.0, min(1.0, share))


def _share(value: float, low: float, high: float) -> float:
    return 0.5 if high <= low else max(0.0, min(1.0, (value - low) / (high - low)))


def _braille_sign(pair: tuple[float | None, float | None], line: int) -> str:
    """A level that is not nothing has one dot at least."""
    bits = 0
    for height, dots in zip(pair, (_LEFT, _RIGHT), strict=True):
        if height is not None:
            filled = max(1 if line == 0 else 0, round((height - line) * _DOTS))
            bits |= sum(dots[: max(0, min(_DOTS, filled))])
    return chr(0x2800 + bits) if bits else " "


def _ascii_sign(pair: tuple[float | None, float | None], line: int) -> str:
    known = [height for height in pair if height is not None]
    if not known:
        return " "
    height = max(known)
    return "#" if height - line >= 0.5 else "." if line == 0 else " "
