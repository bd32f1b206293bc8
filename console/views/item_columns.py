"""The columns of a list of CIs: for each class what tells its items apart and how they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.views import cells, states
from console.views.cells import Row
from console.views.columns import Column
from console.views.ink import Ink, Line, Span
from console.views.moment import Moment, long_span
from console.views.text import clean

_LONGEST_FACT = 40


def item_state(row: Row, moment: Moment) -> Line:
    """Its health; for one that is not there any more, that."""
    if row.get("status") not in {"in_use", None}:
        return (states.word(states.ITEM, row.get("status")),)
    state = row.get("state")
    return (states.word(states.CHECK, state),) if state else ((moment.glyphs.dash, Ink.FAINT),)


def _name(row: Row, _moment: Moment) -> Line:
    return ((clean(row.get("name")), Ink.STRONG),)


def _host(row: Row, moment: Moment) -> Line:
    return ((clean(row.get("host_name") or row.get("host") or moment.glyphs.dash), Ink.DIM),)


def _facts(row: Row, moment: Moment) -> Line:
    """What there is to tell of any CI: its short attributes."""
    attributes = row.get("attributes")
    pairs: list[Span] = []
    for name, value in attributes.items() if isinstance(attributes, Mapping) else ():
        content = cells.said(value)
        if content and len(content) <= _LONGEST_FACT and not isinstance(value, Mapping | list | tuple):
            pairs += [(f"{clean(name)} ", Ink.FAINT), (f"{content}  ", Ink.DIM)]
    return tuple(pairs) or ((moment.glyphs.dash, Ink.FAINT),)


def _uptime(row: Row, moment: Moment) -> Line:
    seconds = cells.value(row, "metrics.uptime_s")
    return ((long_span(seconds) if isinstance(seconds, int | float) else moment.glyphs.dash, Ink.TEXT),)


def _used(row: Row, moment: Moment) -> Line:
    percent = cells.value(row, "metrics.used_percent")
    if not isinstance(percent, int | float):
        return ((moment.glyphs.dash, Ink.FAINT),)
    full = max(0, min(10, round(percent / 10)))
    bar = (moment.glyphs.full * full, Ink.DIM), (moment.glyphs.empty * (10 - full), Ink.FAINT)
    return (*bar, (f" {percent:3.0f}%", Ink.TEXT))


STATE = Column("STATE", item_state, 5, 4, sort="state")
NAME = Column("NAME", _name, 24, 12, grow=2, sort="name")
CLASS = Column("CLASS", cells.field("class", Ink.DIM), 11, rank=6, sort="class")
HOST = Column("HOST", _host, 16, 8, rank=3, grow=1, sort="host_name")
SEEN = Column("SEEN", cells.age("last_seen"), 4, rank=4, right=True, sort="-last_seen")
FACTS = Column("FACTS", _facts, 24, 14, rank=1, grow=3)


def _attribute(
    title: str, name: str, width: int, rank: int, *, grow: int = 0, ink: Ink = Ink.TEXT, least: int = 0
) -> Column:
    path = f"attributes.{name}"
    return Column(title, cells.field(path, ink), width, least, rank, grow, sort=path)


def _size(title: str, path: str, rank: int) -> Column:
    return Column(title, cells.bytes_of(path), 6, rank=rank, right=True, sort=f"-{path}")


def _metric(title: str, name: str, width: int, rank: int) -> Column:
    path = f"metrics.{name}"
    return Column(title, cells.field(path), width, rank=rank, right=True, sort=f"-{path}")


_USED = Column("USED", _used, 15, rank=1, sort="-metrics.used_percent")

# class → what is between the name and the host.
_OWN: Mapping[str, Sequence[Column]] = {
    "host": (
        _metric("LOAD", "load_1m", 6, 1),
        Column("UP", _uptime, 7, rank=2, right=True, sort="-metrics.uptime_s"),
        _attribute("ARCH", "architecture", 8, 4, ink=Ink.DIM),
        _attribute("KIND", "virtualisation", 10, 3, ink=Ink.DIM, grow=1),
    ),
    "os": (_attribute("KERNEL", "kernel", 18, 1, grow=1), _attribute("INIT", "init", 10, 5, ink=Ink.DIM)),
    "cpu": (_attribute("CORES", "cores", 5, 1), _attribute("THREADS", "threads", 7, 2)),
    "memory": (_USED, _size("SIZE", "attributes.size_bytes", 2), _size("FREE", "metrics.available_bytes", 4)),
    "disk": (
        _size("SIZE", "attributes.size_bytes", 1),
        _attribute("KIND", "kind", 8, 2, ink=Ink.DIM),
        _attribute("VENDOR", "vendor", 10, 4, ink=Ink.DIM, grow=1),
    ),
    "filesystem": (
        _USED,
        _size("SIZE", "attributes.size_bytes", 2),
        _size("FREE", "metrics.available_bytes", 4),
        _attribute("TYPE", "type", 6, 5, ink=Ink.DIM),
        _attribute("DEVICE", "device", 12, 7, ink=Ink.DIM, grow=1),
    ),
    "interface": (
        _attribute("MAC", "mac", 17, 2),
        Column("LINK", cells.field("metrics.link"), 5, rank=1, sort="metrics.link"),
        _attribute("MTU", "mtu", 5, 5, ink=Ink.DIM),
        _attribute("KIND", "kind", 9, 4, ink=Ink.DIM),
    ),
    "address": (_attribute("INTERFACE", "interface", 9, 1), _attribute("SCOPE", "scope", 7, 4, ink=Ink.DIM)),
    "endpoint": (
        _attribute("PORT", "port", 5, 1),
        _attribute("ADDRESS", "address", 15, 4, ink=Ink.DIM, grow=1),
        _attribute("SPEAKS", "protocol", 8, 2),
    ),
    "software": (
        _attribute("KIND", "kind", 9, 2, ink=Ink.DIM),
        _attribute("USER", "user", 9, 3),
        _metric("PROCS", "processes", 5, 4),
        _size("MEMORY", "metrics.resident_bytes", 1),
    ),
    "package": (
        _attribute("VERSION", "version", 18, 1, grow=1, least=10),
        _attribute("ARCH", "architecture", 6, 5, ink=Ink.DIM),
        _attribute("BY", "manager", 5, 6, ink=Ink.DIM),
    ),
    "unit": (
        Column("ACTIVE", cells.field("metrics.active"), 9, rank=1, sort="metrics.active"),
        Column("SUB", cells.field("metrics.sub", Ink.DIM), 9, rank=4, sort="metrics.sub"),
    ),
    "account": (
        _attribute("UID", "uid", 6, 1),
        _attribute("SHELL", "shell", 16, 4, ink=Ink.DIM, grow=1),
        _attribute("HOME", "home", 16, 5, ink=Ink.DIM, grow=1),
    ),
}


def item_columns(class_: str) -> Sequence[Column]:
    """The columns of a list of this class; of all classes when it is empty."""
    if not class_:
        return (STATE, NAME, CLASS, HOST, FACTS, SEEN)
    host = () if class_ == "host" else (HOST,)
    return (STATE, NAME, *_OWN.get(class_, (FACTS,)), *host, SEEN)
