"""What differs between two items, or between two moments of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cmdb.filter.quantity import moment_of
from console.views.cells import Row
from console.views.columns import Column
from console.views.document import Document, Prose
from console.views.ink import Ink, Line, text
from console.views.item import measured
from console.views.moment import Moment
from console.views.page import Listing, Page, Tab
from console.views.text import clean


def asked_as(words: str, now: datetime) -> Mapping[str, Any]:
    """The arguments of `ci.diff` for `web-1 web-2`, `web-1 -2h`, `web-1 -2d -1d`, `web-1 web-2 -2h`."""
    names: list[str] = []
    moments: list[datetime] = []
    for word in words.split():
        if (span := moment_of(word, now)) is None:
            names.append(word)
        else:
            moments.append(span[0])
    a, b = (*names, "", "")[:2]
    start = moments[0] if moments else None
    end = moments[1] if len(moments) > 1 else start if b else None
    return {"a": a, "b": b, "from": start, "to": end}


def page(row: Row, moment: Moment) -> Page:
    """The attributes that differ, side by side."""
    found = row.get("rows") or ()
    names = asked_as(str(row.get("id") or ""), moment.now)
    before, after = _sides(names, moment)
    count = f"{len(found)} differ" if found else "nothing differs"
    return Page(
        ((before, Ink.STRONG), (" against ", Ink.DIM), (after, Ink.STRONG), (f"  {count}", Ink.DIM)),
        (Tab("diff", "Differences", _listing(found, before, after)),),
    )


def preview(row: Row, moment: Moment) -> Document:
    """The same as lines."""
    names = asked_as(str(row.get("id") or ""), moment.now)
    before, after = _sides(names, moment)
    head = Prose(text(f"{before} {moment.glyphs.right} {after}", Ink.STRONG))
    return (head, *(Prose((*_attribute(one, moment), *_arrow(one, moment)), 2) for one in row.get("rows") or ()))


def _arrow(one: Row, moment: Moment) -> Line:
    return (
        ("  ", Ink.TEXT),
        *_side("a")(one, moment),
        (f" {moment.glyphs.right} ", Ink.FAINT),
        *_side("b")(one, moment),
    )


def _sides(names: Mapping[str, Any], moment: Moment) -> tuple[str, str]:
    a, b = clean(names["a"]), clean(names["b"])
    if b:
        at = f" at {moment.clock(names['from'])}" if names["from"] else ""
        return f"{a}{at}", f"{b}{at}"
    until = moment.clock(names["to"]) if names["to"] else "now"
    return f"{a} at {moment.clock(names['from'])}", until


def _attribute(one: Row, _moment: Moment) -> Line:
    return text(clean(one.get("attribute") or "record").removeprefix("attributes."), Ink.STRONG)


def _side(name: str) -> Any:
    """One of the two values; what is not there is faint."""

    def render(one: Row, moment: Moment) -> Line:
        value = one.get(name)
        if value is None:
            return ((moment.glyphs.dash, Ink.FAINT),)
        return text(measured(str(one.get("attribute")), value), Ink.WARNING if name == "b" else Ink.TEXT)

    return render


def _listing(found: Sequence[Row], before: str, after: str) -> Listing:
    return Listing(
        (
            Column("ATTRIBUTE", _attribute, 24, 12, grow=1),
            Column(before.upper(), _side("a"), 30, 12, grow=2),
            Column(after.upper(), _side("b"), 30, 12, grow=2),
        ),
        [{**one, "id": str(position)} for position, one in enumerate(found)],
        ("Nothing differs.", "What changes all the time (metrics, last seen) is left out."),
    )
