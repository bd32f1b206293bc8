"""The lists of the console: incidents and checks, services, the CMDB, agents, people; others beside their records."""

from __future__ import annotations

import re
from collections.abc import Mapping

from console.views import cells, states
from console.views.cells import Row
from console.views.classes import CLASS_ABOUT
from console.views.columns import Column
from console.views.duty import ONCALL, ROSTER
from console.views.ink import Ink, Line
from console.views.item_columns import item_columns
from console.views.moment import Moment
from console.views.place import NoSuchPlace, Place, parse
from console.views.quiet import MAINTENANCE, SILENCES
from console.views.text import clean
from console.views.view import View


def _is_incident(row: Row) -> bool:
    return row.get("kind") == "incident"


def _troubled(row: Row, moment: Moment) -> Line:
    return (states.word(states.INCIDENT, row.get("state")),) if _is_incident(row) else cells.check_state(row, moment)


def title_of(row: Row) -> str:
    """An incident's title without the name of its CI, which stands beside it."""
    title, name = clean(row.get("title") or ""), clean(row.get("ci_name") or "")
    return title.removeprefix(f"{name}: ") if name else title


def _title(row: Row, _moment: Moment) -> Line:
    return ((title_of(row), Ink.TEXT),)


def _what(row: Row, moment: Moment) -> Line:
    return _title(row, moment) if _is_incident(row) else cells.check_output(row, moment)


def _since(row: Row, moment: Moment) -> Line:
    return cells.age("opened_at" if _is_incident(row) else "since")(row, moment)


_ENDPOINT = re.compile(r"(tcp|udp)/.*:(\d+)")


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


def _reason(row: Row, moment: Moment) -> Line:
    reasons = row.get("reasons") or ()
    return ((cells.said(list(reasons)) or moment.glyphs.dash, Ink.TEXT if reasons else Ink.FAINT),)


def _item_name(row: Row, _moment: Moment) -> Line:
    return ((cells.said(row.get("name")), Ink.STRONG),)


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


def _place_of_person(row: Row) -> Place:
    """What they look at; one's own list where that is nothing here (a filter of a newer console)."""
    try:
        return parse(str(row.get("place") or ""))
    except NoSuchPlace:
        return Place("people")


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
        Column("INCIDENT", cells.number, 8, rank=1, sort="number"),
        Column("CI", ci_name, 16, 12, rank=3, grow=1, sort="ci_name"),
        Column("WHAT", _what, 28, 8, rank=0, grow=3, sort="title"),
        Column("DUE", cells.due, 8, rank=4, sort="respond_due"),
        Column("WHO", cells.owner, 6, 4, rank=5, sort="acknowledged_by"),
    ),
    _from_triage,
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
        Column("CI", ci_name, 16, 10, rank=4, grow=1, sort="ci"),
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
SERVICES = View(
    "services",
    "Services",
    "what people get: state, actual level against target, budget left",
    (
        Column("STATE", cells.state("state", states.SERVICE), 5, 4, sort="state"),
        Column("SINCE", cells.age("since"), 5, rank=5, right=True, sort="-since"),
        Column("SERVICE", _item_name, 18, 12, grow=1, sort="name"),
        Column("ACTUAL", cells.actual("sla.actual", "sla.target"), 8, rank=1, right=True),
        Column("TARGET", cells.share("sla.target"), 7, rank=3, right=True),
        Column("BUDGET LEFT", cells.budget("sla.budget_remaining"), 16, rank=2),
        Column("LEFT", cells.span("sla.budget_remaining_s"), 8, rank=4, right=True),
        Column("WHY", _reason, 20, 12, rank=6, grow=2),
    ),
    lambda row: Place("service", str(row.get("name") or row["id"])),
    orders=("", "name", "state"),
    empty=("No service.", "Declare one in services.d/*.toml of the state directory."),
)
SLA = View(
    "sla",
    "Service levels",
    "every agreement: actual against target, budget and how fast it burns",
    (
        Column("STATE", cells.state("status", states.AGREEMENT), 5, 4, sort="status"),
        Column("AGREEMENT", _item_name, 18, 12, grow=1, sort="name"),
        Column("SERVICE", cells.field("service"), 14, 10, rank=5, grow=1, sort="service"),
        Column("PERIOD", cells.field("period", Ink.DIM), 6, rank=4, sort="period"),
        Column("ACTUAL", cells.actual("actual", "target"), 8, rank=0, right=True, sort="actual"),
        Column("TARGET", cells.share("target"), 7, rank=2, right=True, sort="target"),
        Column("BUDGET LEFT", cells.budget("budget_remaining"), 16, rank=1, sort="budget_remaining"),
        Column("LEFT", cells.span("budget_remaining_s"), 8, rank=3, right=True, sort="budget_remaining_s"),
        Column("DOWN", cells.span("down_s"), 8, rank=6, right=True, sort="-down_s"),
        Column("BURN", cells.field("burn"), 6, rank=7, right=True, sort="-burn"),
    ),
    lambda row: Place("agreement", str(row.get("name") or row["id"])),
    orders=("", "budget_remaining", "name", "-burn"),
    empty=("No agreement.", "Give a service a target in services.d/*.toml of the state directory."),
)
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
        Column("AGENT", _item_name, 18, 12, grow=1, sort="name"),
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
PEOPLE = View(
    "people",
    "People",
    "who is on, and what they look at",
    (
        Column("PERSON", _item_name, 14, 10, sort="name"),
        Column("ROLE", cells.field("role", Ink.DIM), 8, rank=3, sort="role"),
        Column("LOOKS AT", cells.field("place"), 24, 14, grow=1, sort="place"),
        Column("FOR", cells.age("moved_at"), 4, rank=2, right=True, sort="-moved_at"),
        Column("ON", cells.age("since"), 4, rank=1, right=True, sort="-since"),
        Column("VIA", cells.field("via", Ink.DIM), 18, 10, rank=4, sort="via"),
    ),
    _place_of_person,
    orders=("", "place", "-since"),
    empty=("Nobody is on.", "Consoles and watched lists are listed here."),
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
VIEWS = {
    view.name: view
    for view in (
        TRIAGE,
        INCIDENTS,
        CHECKS,
        SERVICES,
        SLA,
        ONCALL,
        ROSTER,
        SILENCES,
        MAINTENANCE,
        CLASSES,
        ITEMS,
        AGENTS,
        PEOPLE,
        CHANGES,
    )
}
