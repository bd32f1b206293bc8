"""The top line: which hub, how the line to it is, how old what one sees is, and what is wrong in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from console.views.glyphs import Glyphs
from console.views.ink import Ink, Line, Span, plain
from console.views.moment import long_span, short_span
from console.views.text import clean, width

_MOST_ON_CALL = 3
Part = tuple[int, Line]  # rank (0 never falls away) and text


def header(
    status: Mapping[str, Any] | None,
    cells: int,
    glyphs: Glyphs,
    *,
    connected: bool,
    trying: bool = False,
    age_s: float | None,
    round_trip_s: float = 0.0,
    lag_s: float = 0.0,
    at_risk: int = 0,
    on_call: Sequence[str] = (),
    readonly: bool = False,
    paused: bool = False,
    at: str | None = None,
    place: str = "",
) -> Line:
    """As much of it as fits, the least important falling away first."""
    parts: list[Part] = [
        (0, ((" watchdeck", Ink.STRONG), (f" {clean((status or {}).get('name') or '')}".rstrip(), Ink.DIM)))
    ]
    parts.append((2, _link(connected=connected, trying=trying, round_trip_s=round_trip_s)))
    parts.append((3, _age(age_s, connected=connected)))
    if lag_s >= 0.5 or (status or {}).get("lag_s", 0) >= 1:
        parts.append((4, _late(lag_s, status or {})))
    if status:
        parts.append((0, _states(status)))
        parts.append((1, _levels(at_risk)))
        parts.append((3, _company(status, place)))
        parts.append((4, _on_call(on_call, status.get("unstaffed") or ())))
        parts.append((5, _size(status)))
    if at is not None:
        parts.append((0, ((f" as of {at} ", Ink.BADGE),)))
    if paused:
        parts.append((0, ((" paused ", Ink.BADGE),)))
    if readonly or (status or {}).get("readonly"):
        parts.append((1, (("read-only", Ink.WARNING),)))
    return _join(parts, cells, glyphs)


def _join(parts: Sequence[Part], cells: int, glyphs: Glyphs) -> Line:
    kept = [part for part in parts if part[1]]
    while len(kept) > 1 and _cells(kept) > cells:
        worst = max(kept, key=lambda part: part[0])
        if worst[0] == 0:
            break
        kept.remove(worst)
    separator: Span = (f" {glyphs.bar} ", Ink.FAINT)
    joined: list[Span] = []
    for position, (_, line) in enumerate(kept):
        joined += [separator, *line] if position else line
    return tuple(joined)


def _cells(parts: Sequence[Part]) -> int:
    return sum(width(plain(line)) for _, line in parts) + 3 * (len(parts) - 1)


def _late(lag_s: float, status: Mapping[str, Any]) -> Line:
    """How late we or the probers are, and how many checks wait past their time."""
    late: Line = (("lag ", Ink.DIM), (long_span(max(lag_s, status.get("lag_s", 0))), Ink.WARNING))
    overdue = status.get("overdue", 0)
    return (*late, (f" {overdue} overdue", Ink.WARNING)) if overdue else late


def _link(*, connected: bool, trying: bool, round_trip_s: float) -> Line:
    if trying:
        return (("connecting", Ink.DIM),)
    if not connected:
        return (("no hub", Ink.CRITICAL),)
    return (("link ", Ink.DIM), (f"{max(1, round(round_trip_s * 1000))}ms", Ink.TEXT))


def _age(age_s: float | None, *, connected: bool) -> Line:
    if age_s is None:
        return ()
    return (("data ", Ink.DIM), (short_span(age_s), Ink.TEXT if connected and age_s < 10 else Ink.WARNING))


def _states(status: Mapping[str, Any]) -> Line:
    """`4 CRIT 11 WARN 2 UNKN`, or that all is well."""
    counts = (status.get("counts") or {}).get("checks") or {}
    bad = [
        (f"{counts[state]} {word}", ink)
        for state, word, ink in (
            ("critical", "CRIT", Ink.CRITICAL),
            ("warning", "WARN", Ink.WARNING),
            ("unknown", "UNKN", Ink.UNKNOWN),
        )
        if counts.get(state)
    ]
    if not bad:
        return ((f"{counts.get('ok', 0)} OK", Ink.OK),)
    spaced: list[Span] = []
    for span in bad:
        spaced += [(" ", Ink.TEXT), span] if spaced else [span]
    return tuple(spaced)


def _levels(at_risk: int) -> Line:
    if not at_risk:
        return (("SLA ", Ink.DIM), ("kept", Ink.TEXT))
    return (("SLA ", Ink.DIM), (f"{at_risk} at risk", Ink.WARNING))


def _on_call(names: Sequence[str], unstaffed: Sequence[str]) -> Line:
    """Who is on call; that nobody is, for some schedule, is said first."""
    if unstaffed:
        return (("on call ", Ink.DIM), (f"nobody for {clean(unstaffed[0])}", Ink.WARNING))
    if not names:
        return ()
    said = ", ".join(map(clean, names[:_MOST_ON_CALL])) + (", ..." if names[_MOST_ON_CALL:] else "")
    return (("on call ", Ink.DIM), (said, Ink.TEXT))


def _size(status: Mapping[str, Any]) -> Line:
    counts = status.get("counts") or {}
    return ((f"{_counted(counts.get('ci', 0), 'item')}  {_counted(counts.get('agents', 0), 'agent')}", Ink.DIM),)


def _company(status: Mapping[str, Any], place: str) -> Line:
    """Who looks at the same thing; else how many others are on."""
    others = status.get("people") or ()
    here = sorted({clean(one["name"]) for one in others if one["place"] == place})
    if here:
        return (("with ", Ink.DIM), (", ".join(here[:3]) + (", …" if here[3:] else ""), Ink.ACCENT))
    names = {one["name"] for one in others}
    return ((f"{_counted(len(names), 'other')} on", Ink.DIM),) if names else ()


def _counted(number: object, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
