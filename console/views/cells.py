"""One cell of a table from one row: a value of a record, said shortly, with the ink that it deserves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from console.views import states
from console.views.ink import Ink, Line
from console.views.moment import Moment, long_span, short_span
from console.views.text import clean

Row = Mapping[str, Any]
Render = Callable[[Row, Moment], Line]

SOON_S = 15 * 60.0  # a clock with less than this left is a warning
_BYTES = ("B", "K", "M", "G", "T", "P")


def value(row: Row, path: str) -> Any:
    """What is at a dotted path; None where it ends early."""
    here: Any = row
    for name in path.split("."):
        if isinstance(here, list | tuple):
            here = here[0] if here else None
        here = here.get(name) if isinstance(here, Mapping) else None
    return here


def said(content: object) -> str:
    """A value for people: nothing is empty, a list is comma-separated, a mapping is `name value` pairs."""
    if content is None:
        return ""
    if isinstance(content, bool):
        return "yes" if content else "no"
    if isinstance(content, float):
        return f"{content:.6g}"
    if isinstance(content, list | tuple):
        return ", ".join(said(part) for part in content)
    if isinstance(content, Mapping):
        return ", ".join(f"{clean(name)} {said(part)}" for name, part in content.items())
    if isinstance(content, datetime):
        return content.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return clean(content)


def field(path: str, ink: Ink = Ink.TEXT) -> Render:
    """The value itself."""
    return lambda row, moment: ((said(value(row, path)) or moment.glyphs.dash, ink),)


def name(row: Row, _moment: Moment) -> Line:
    """What the record is called."""
    return ((said(row.get("name")), Ink.STRONG),)


def age(path: str) -> Render:
    """How long ago."""
    return lambda row, moment: ((moment.age(value(row, path)), Ink.DIM),)


def ahead(path: str, ink: Ink = Ink.DIM) -> Render:
    """How long until then."""
    return lambda row, moment: ((moment.ahead(value(row, path)), ink),)


def clock(path: str) -> Render:
    """The time of day or date."""
    return lambda row, moment: ((moment.clock(value(row, path)), Ink.DIM),)


def state(path: str, words: states.Words) -> Render:
    """The four-letter word of a state."""
    return lambda row, _moment: (states.word(words, value(row, path)),)


def check_state(row: Row, _moment: Moment) -> Line:
    """In capitals once it is hard; in small letters while it is still being tried again."""
    if row.get("behind"):
        return (states.UNREACHABLE,)
    word, ink = states.word(states.CHECK, row.get("state"))
    return ((word if row.get("hard", True) else word.lower(), ink),)


def check_output(row: Row, moment: Moment) -> Line:
    """What it last said; of one that cannot be reached first by what."""
    output = field("output")(row, moment)
    behind = said(row.get("behind"))
    return ((f"unreachable: {behind}  ", Ink.UNKNOWN), *output) if behind else output


def priority(row: Row, moment: Moment) -> Line:
    level = row.get("priority")
    return ((f"P{level}" if level else moment.glyphs.dash, states.priority_ink(level)),)


def number(row: Row, moment: Moment) -> Line:
    """`INC-12`."""
    found = row.get("number", row.get("incident"))
    return ((f"INC-{clean(found)}" if found else moment.glyphs.dash, Ink.TEXT if found else Ink.FAINT),)


def owner(row: Row, moment: Moment) -> Line:
    """Who has it."""
    who = row.get("assignee") or row.get("acknowledged_by")
    return ((clean(who) if who else moment.glyphs.dash, Ink.TEXT if who else Ink.FAINT),)


def due(row: Row, moment: Moment) -> Line:
    """The clock that runs: `ack 11m` until somebody has it, then `fix 3h`; `late 4m` once it is over."""
    what, until = running_clock(row)
    if until is None:
        return ((moment.glyphs.dash, Ink.FAINT),)
    left = (until - moment.now).total_seconds()
    return ((f"{what} {short_span(left)}" if left >= 0 else f"late {short_span(-left)}", clock_ink(left)),)


def running_clock(row: Row) -> tuple[str, datetime | None]:
    """Which of an incident's two clocks runs, and until when."""
    if row.get("resolved_at") or row.get("closed_at") or row.get("state") == "on_hold":
        return "", None
    which, until = ("fix", row.get("resolve_due")) if row.get("acknowledged_at") else ("ack", row.get("respond_due"))
    return which, until if isinstance(until, datetime) else None


def clock_ink(left_s: float) -> Ink:
    if left_s < 0:
        return Ink.CRITICAL
    return Ink.WARNING if left_s < SOON_S else Ink.TEXT


def share(path: str) -> Render:
    """A share of one as per cent, with as many nines as it has: `99.95%`."""
    return lambda row, moment: ((percent(value(row, path)) or moment.glyphs.dash, Ink.TEXT),)


def percent(part: object) -> str:
    """`99.95%`; two digits after the point, three from 99.99 on, and never rounded up to a round 100."""
    if not isinstance(part, int | float) or isinstance(part, bool):
        return ""
    if part >= 1:
        return "100%"
    digits = 3 if part >= 0.9999 else 2
    scale: int = 10**digits
    return f"{int(part * 100 * scale + 1e-6) / scale:.{digits}f}%"


def actual(path: str, target: str) -> Render:
    """A measured share, in the ink of whether it reaches its target."""

    def render(row: Row, moment: Moment) -> Line:
        measured, wanted = value(row, path), value(row, target)
        if not isinstance(measured, int | float):
            return ((moment.glyphs.dash, Ink.FAINT),)
        missed = isinstance(wanted, int | float) and measured < wanted
        return ((percent(measured), Ink.CRITICAL if missed else Ink.TEXT),)

    return render


def budget(path: str, cells: int = 10) -> Render:
    """What is left of an error budget, as a bar and per cent."""

    def render(row: Row, moment: Moment) -> Line:
        left = value(row, path)
        if not isinstance(left, int | float):
            return ((moment.glyphs.dash, Ink.FAINT),)
        bar = bar_of(left, cells, moment)
        return (*bar, (f" {max(-999, left * 100):4.0f}%", bar[0][1]))

    return render


def bar_of(part: float, cells: int, moment: Moment) -> Line:
    """A bar that is full at 1; nearly empty warns, empty is critical."""
    ink = Ink.CRITICAL if part <= 0 else Ink.WARNING if part < 0.25 else Ink.OK
    full = min(cells, max(0, round(part * cells)))
    if part > 0:
        full = max(1, full)
    return ((moment.glyphs.full * full, ink), (moment.glyphs.empty * (cells - full), Ink.FAINT))


def span(path: str) -> Render:
    """A length of time in seconds."""

    def render(row: Row, moment: Moment) -> Line:
        seconds = value(row, path)
        if not isinstance(seconds, int | float):
            return ((moment.glyphs.dash, Ink.FAINT),)
        return ((f"-{long_span(-seconds)}" if seconds < 0 else long_span(seconds), Ink.TEXT),)

    return render


def count(path: str, ink: Ink = Ink.TEXT) -> Render:
    """A number; nought is faint."""

    def render(row: Row, moment: Moment) -> Line:
        found = value(row, path)
        amount = len(found) if isinstance(found, list | tuple | Mapping) else found
        return ((str(amount), ink),) if amount else ((moment.glyphs.dash if amount is None else "0", Ink.FAINT),)

    return render


def size(bytes_: object) -> str:
    """`3.4G`, binary units."""
    if not isinstance(bytes_, int | float) or isinstance(bytes_, bool):
        return ""
    amount = float(bytes_)
    for unit in _BYTES:
        if abs(amount) < 1024 or unit == _BYTES[-1]:
            return f"{amount:.0f}{unit}" if unit == "B" or abs(amount) >= 100 else f"{amount:.1f}{unit}"
        amount /= 1024
    return ""


def bytes_of(path: str) -> Render:
    return lambda row, moment: ((size(value(row, path)) or moment.glyphs.dash, Ink.TEXT),)
