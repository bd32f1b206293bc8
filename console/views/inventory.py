"""The lists of what is known: classes of the CMDB and their items, agents, what changed."""

from __future__ import annotations

from collections.abc import Mapping

from console.views import cells, states
from console.views.cells import Row
from console.views.classes import CLASS_ABOUT
from console.views.columns import Column
from console.views.ink import Ink, Line
from console.views.item_columns import item_columns
from console.views.moment import Moment
from console.views.place import Place
from console.views.text import clean
from console.views.trouble import ci_name
from console.views.view import View


def _about_class(row: Row, _moment: Moment) -> Line:
    return ((CLASS_ABOUT.get(str(row.get("class")), ""), Ink.FAINT),)


def _sections(row: Row, moment: Moment) -> Line:
    sections = row.get("sections")
    outcomes = [part.get("outcome") for part in sections.values()] if isinstance(sections, dict) else []
    bad = [outcome for outcome in outcomes if outcome not in {"ok", "unsupported"}]
    if not outcomes:
        return ((moment.glyphs.dash, Ink.FAINT),)
    well = ((f"{outcomes.count('ok')} ok", Ink.TEXT),)
    return (*well, (f", {len(bad)} not", Ink.WARNING)) if bad else well


def _changed(row: Row, moment: Moment) -> Line:
    return ci_name({**row, "ci_name": row.get("name") or row.get("record")}, moment)


def _what_changed(row: Row, _moment: Moment) -> Line:
    """The attribute; of a whole record, that it came or went."""
    if row.get("attribute"):
        return ((clean(row["attribute"]).removeprefix("attributes."), Ink.TEXT),)
    return (("came", Ink.OK),) if row.get("before") is None else (("went", Ink.WARNING),)


def _side(name: str, ink: Ink) -> cells.Render:
    """A value; of a whole record, of which class or type it is."""

    def render(row: Row, moment: Moment) -> Line:
        found = row.get(name)
        if isinstance(found, Mapping) and not row.get("attribute"):
            return ((clean(found.get("class") or found.get("type") or "record"), Ink.DIM),)
        return ((cells.said(found) or moment.glyphs.dash, ink),)

    return render


def _record_of_change(row: Row) -> Place:
    kind, id_ = str(row.get("kind") or ""), str(row.get("ci") or row.get("record") or row.get("id") or "")
    return Place(kind if kind in {"ci", "check", "incident", "service", "agreement", "agent"} else "ci", id_)


CLASSES = View(
    "classes",
    "CMDB",
    "what is known, by class",
    (
        Column(
            "CLASS",
            lambda row, _moment: ((clean(row.get("class") or row["id"]), Ink.STRONG),),
            18,
            10,
            sort="class",
        ),
        Column("COUNT", cells.count("count"), 7, right=True, sort="-count"),
        Column("IN USE", cells.count("in_use", Ink.DIM), 7, rank=2, right=True, sort="-in_use"),
        Column("MISSING", cells.count("missing", Ink.WARNING), 7, rank=1, right=True, sort="-missing"),
        Column("RETIRED", cells.count("retired", Ink.DIM), 7, rank=3, right=True, sort="-retired"),
        Column("ABOUT", _about_class, 30, 20, rank=4, grow=1),
    ),
    lambda row: Place("ci", class_=str(row.get("class") or row["id"])),
    orders=("", "-count", "class"),
    detail_cells=0,
    empty=("Nothing discovered yet.", "The first scan of an agent fills this.  :agents shows who reports."),
)
ITEMS = View(
    "ci",
    "Configuration items",
    "the CIs of a class",
    item_columns(""),
    lambda row: Place("ci", str(row["id"])),
    orders=("", "name", "-first_seen", "-last_seen"),
    empty=("No such item.", "Esc goes back to the classes; / changes the filter."),
)
AGENTS = View(
    "agents",
    "Agents",
    "who reports, and how their last scan went",
    (
        Column("STATE", cells.state("state", states.AGENT), 5, 4, sort="state"),
        Column("AGENT", cells.name, 18, 12, grow=1, sort="name"),
        Column("HEARD", cells.age("last_heard"), 5, right=True, rank=1, sort="-last_heard"),
        Column("REPORT", cells.age("last_report"), 6, right=True, rank=3, sort="-last_report"),
        Column("SECTIONS", _sections, 14, 12, rank=2),
        Column("VIA", cells.field("transport", Ink.DIM), 5, rank=5, sort="transport"),
        Column("VERSION", cells.field("agent_version", Ink.DIM), 8, rank=4, sort="agent_version"),
        Column("PLATFORM", cells.field("platform", Ink.DIM), 14, 10, rank=6, grow=2, sort="platform"),
    ),
    lambda row: Place("agent", str(row["id"])),
    orders=("", "-last_heard", "name"),
    empty=("No agent.", "watchdeck up starts one on this machine; watchdeck agent enrol adds others."),
)
CHANGES = View(
    "changes",
    "Changes",
    "what changed, newest first",
    (
        Column("AT", cells.clock("at"), 10, 8, rank=0, sort="-at"),
        Column(
            "RECORD",
            _changed,
            26,
            14,
            grow=2,
            sort="name",
        ),
        Column(
            "WHAT",
            _what_changed,
            16,
            10,
            rank=1,
            grow=1,
            sort="attribute",
        ),
        Column("BEFORE", _side("before", Ink.DIM), 16, 10, rank=3, grow=1),
        Column("AFTER", _side("after", Ink.TEXT), 16, 10, rank=2, grow=1),
        Column("WHO", cells.field("actor", Ink.DIM), 10, 6, rank=4, sort="actor"),
    ),
    _record_of_change,
    empty=("No change yet.", "Every change of a record leaves a row here."),
)
