"""The lists of what is wrong: triage, incidents, checks; and how an item or a check is named in any list."""

from __future__ import annotations

import re

from console.views import cells, states
from console.views.cells import Row
from console.views.columns import Column
from console.views.graph import spark
from console.views.ink import Ink, Line
from console.views.moment import Moment
from console.views.place import Place
from console.views.text import clean
from console.views.view import View

_ENDPOINT = re.compile(r"(tcp|udp)/.*:(\d+)")


def _is_incident(row: Row) -> bool:
    return row.get("kind") == "incident"


def _troubled(row: Row, moment: Moment) -> Line:
    return (states.word(states.INCIDENT, row.get("state")),) if _is_incident(row) else cells.check_state(row, moment)


def title_of(row: Row) -> str:
    """An incident's title without the name of its CI (and that one's host), which stands beside it."""
    title = clean(row.get("title") or "")
    name, host = clean(row.get("ci_name") or ""), clean(row.get("host_name") or "")
    named = (f"{name} on {host}: ", f"{name}: ") if name else ()
    return next((title.removeprefix(start) for start in named if title.startswith(start)), title)


def _title(row: Row, _moment: Moment) -> Line:
    return ((title_of(row), Ink.TEXT),)


def _what(row: Row, moment: Moment) -> Line:
    return _title(row, moment) if _is_incident(row) else cells.check_output(row, moment)


def _since(row: Row, moment: Moment) -> Line:
    return cells.age("opened_at" if _is_incident(row) else "since")(row, moment)


def ci_name(row: Row, moment: Moment) -> Line:
    """What a row is about: the host, and the item on it where it is not the host itself."""
    name, host = clean(row.get("ci_name") or row.get("ci") or moment.glyphs.dash), clean(row.get("host_name") or "")
    if not host or host == name:
        return ((name, Ink.TEXT),)
    return ((f"{host} ", Ink.TEXT), (_ENDPOINT.sub(r"\1/\2", name), Ink.DIM))


def check_name(row: Row, _moment: Moment) -> Line:
    """A check's own name: its id without its CI's."""
    id_ = clean(row.get("id"))
    return ((id_.removeprefix(f"{clean(row.get('ci'))}/") or id_, Ink.TEXT),)


def _attempt(row: Row, moment: Moment) -> Line:
    if row.get("hard", True):
        return (
            (("hard", Ink.FAINT),) if row.get("state") not in {"ok", "pending"} else ((moment.glyphs.dash, Ink.FAINT),)
        )
    limit = cells.value(row, "definition.max_attempts")
    return ((f"{row.get('attempt')}/{limit}" if limit else f"try {row.get('attempt')}", Ink.DIM),)


def trend(row: Row, moment: Moment) -> Line:
    """The last hour of what the check measures, lowest to highest."""
    values = row.get("trend")
    return ((spark(values, moment.glyphs), Ink.ACCENT),) if values else ((moment.glyphs.dash, Ink.FAINT),)


def _from_triage(row: Row) -> Place:
    if _is_incident(row):
        return Place("incident", str(row.get("number")))
    return Place("check", str(row["id"]).removeprefix("check/"))


TRIAGE = View(
    "triage",
    "Triage",
    "open incidents, and checks that are not well",
    (
        Column("P", cells.priority, 2, sort="priority"),
        Column("STATE", _troubled, 5, 4, sort="state"),
        Column("AGE", _since, 4, rank=2, right=True, sort="-since"),
        Column("INCIDENT", cells.number, 8, sort="number"),
        Column("CI", ci_name, 16, 12, rank=3, grow=1, sort="ci_name"),
        Column("WHAT", _what, 28, 17, rank=0, grow=3, sort="title"),
        Column("TREND 1h", trend, 8, rank=6, picture=True),
        Column("DUE", cells.due, 8, rank=4, sort="respond_due"),
        Column("WHO", cells.owner, 6, 4, rank=5, sort="acknowledged_by"),
    ),
    _from_triage,
    detail_cells=35,
    empty=("All is well.", "No open incident, every check is fine.  :services shows levels, :cmdb what is known."),
)
INCIDENTS = View(
    "incidents",
    "Incidents",
    "open incidents; `all` in the filter shows closed ones too",
    (
        Column("P", cells.priority, 2, sort="priority"),
        Column("STATE", cells.state("state", states.INCIDENT), 5, 4, sort="state"),
        Column("AGE", cells.age("opened_at"), 4, rank=1, right=True, sort="-opened_at"),
        Column("INCIDENT", cells.number, 8, rank=2, sort="-number"),
        Column("CI", ci_name, 16, 13, rank=4, grow=1, sort="ci"),
        Column("WHAT", _title, 30, 14, grow=3, sort="title"),
        Column("DUE", cells.due, 8, rank=3, sort="due"),
        Column("WHO", cells.owner, 6, rank=5, sort="acknowledged_by"),
        Column("SERVICES", cells.field("services", Ink.DIM), 12, 8, rank=6, grow=1),
    ),
    lambda row: Place("incident", str(row.get("number"))),
    orders=("priority,opened_at", "-opened_at", "number"),
    empty=("No open incident.", "Checks open one when they fail for good.  :checks shows them."),
)
CHECKS = View(
    "checks",
    "Checks",
    "every check and its state",
    (
        Column("STATE", cells.check_state, 5, 4, sort="state"),
        Column("SINCE", cells.age("since"), 5, rank=1, right=True, sort="-since"),
        Column("CI", ci_name, 16, 10, rank=0, grow=1, sort="ci_name"),
        Column("CHECK", check_name, 10, 8, rank=2, grow=1, sort="type"),
        Column("OUTPUT", cells.check_output, 30, 24, rank=0, grow=4),
        Column("TRY", _attempt, 5, rank=6, sort="attempt"),
        Column("SEEN", cells.age("last_result_at"), 4, rank=5, right=True, sort="-last_result_at"),
        Column("INCIDENT", cells.number, 8, rank=4, sort="incident"),
    ),
    lambda row: Place("check", str(row["id"])),
    orders=("", "-since", "ci_name", "type"),
    empty=("No check matches.", "Checks come with what agents discover.  :agents shows who reports."),
)
