"""What differs between two items, or between two moments of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cmdb.filter.field import REFERENCES
from cmdb.filter.quantity import moment_of
from console.views.cells import Render, Row
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
    before, after = _sides(row, moment)
    count = f"{len(found)} differ" if found else "nothing differs"
    return Page(
        ((before, Ink.STRONG), (" against ", Ink.DIM), (after, Ink.STRONG), (f"  {count}", Ink.DIM)),
        (Tab("diff", "Differences", _listing(row, before, after)),),
    )


def preview(row: Row, moment: Moment) -> Document:
    """The same as lines."""
    before, after = _sides(row, moment)
    a, b = _value("a", row), _value("b", row)
    head = Prose(text(f"{before} {moment.glyphs.right} {after}", Ink.STRONG))
    arrow = ((f" {moment.glyphs.right} ", Ink.FAINT),)
    found = row.get("rows") or ()
    lines = [(*_attribute(one, moment), ("  ", Ink.TEXT), *a(one, moment), *arrow, *b(one, moment)) for one in found]
    return (head, *(Prose(line, 2) for line in lines))


def _sides(row: Row, moment: Moment) -> tuple[str, str]:
    """The two items, or the item at two moments, by name."""
    asked = asked_as(str(row.get("id") or ""), moment.now)
    a, b = _item(row.get("a"), asked["a"]), _item(row.get("b"), asked["b"])
    if asked["b"]:
        at = f" at {moment.clock(asked['from'])}" if asked["from"] else ""
        return f"{a}{at}", f"{b}{at}"
    until = moment.clock(asked["to"]) if asked["to"] else "now"
    return f"{a} at {moment.clock(asked['from'])}", until


def _item(side: object, otherwise: str) -> str:
    """With its host, since endpoints and packages are called alike everywhere."""
    if not isinstance(side, Mapping):
        return clean(otherwise)
    name, host = clean(side.get("name")), clean(side.get("host_name") or "")
    return f"{name} on {host}" if host and host != name else name


def _attribute(one: Row, _moment: Moment) -> Line:
    return text(clean(one.get("attribute") or "record").removeprefix("attributes."), Ink.STRONG)


def _value(name: str, row: Row) -> Render:
    """One of the two values; what is not there is faint, and an id is said by its name."""
    names: Mapping[str, object] = row.get("names") or {}

    def render(one: Row, moment: Moment) -> Line:
        value = one.get(name)
        if value is None:
            return ((moment.glyphs.dash, Ink.FAINT),)
        if isinstance(value, str) and one.get("attribute") in REFERENCES:
            value = names.get(value, value)
        return text(measured(str(one.get("attribute")), value), Ink.WARNING if name == "b" else Ink.TEXT)

    return render


def _listing(row: Row, before: str, after: str) -> Listing:
    return Listing(
        (
            Column("ATTRIBUTE", _attribute, 24, 12, grow=1),
            Column(before, _value("a", row), 30, 12, grow=2),
            Column(after, _value("b", row), 30, 12, grow=2),
        ),
        [{**one, "id": str(position)} for position, one in enumerate(row.get("rows") or ())],
        ("Nothing differs.", "What changes all the time (metrics, last seen) is left out."),
    )
