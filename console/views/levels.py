"""The lists of services and of what was agreed about them: how they stand, and day by day."""

from __future__ import annotations

from console.views import cells, heat, states
from console.views.cells import Row
from console.views.columns import Column
from console.views.ink import Ink, Line
from console.views.moment import Moment
from console.views.place import Place
from console.views.view import View


def _reason(row: Row, moment: Moment) -> Line:
    reasons = row.get("reasons") or ()
    return ((cells.said(list(reasons)) or moment.glyphs.dash, Ink.TEXT if reasons else Ink.FAINT),)


SERVICES = View(
    "services",
    "Services",
    "what people get: state, actual level against target, budget left",
    (
        Column("STATE", cells.state("state", states.SERVICE), 5, 4, sort="state"),
        Column("SINCE", cells.age("since"), 5, rank=5, right=True, sort="-since"),
        Column("SERVICE", cells.name, 18, 12, grow=1, sort="name"),
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
        Column("AGREEMENT", cells.name, 18, 12, grow=1, sort="name"),
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
DAYS = View(
    "days",
    "Days",
    "every agreement day by day: the higher the sign, the longer it was down; days with the worst first",
    (
        Column("AGREEMENT", cells.name, 18, 12, grow=1, sort="name"),
        Column("SERVICE", cells.field("service", Ink.DIM), 14, 10, rank=4, grow=1, sort="service"),
        Column("DAYS", heat.weeks, heat.WEEKS_CELLS, sort="worst", scale=heat.dates, picture=True),
        Column("WORST", cells.actual("worst", "target"), 8, rank=1, right=True, sort="worst"),
        Column("MISSED", cells.count("missed", Ink.WARNING), 6, rank=2, right=True, sort="-missed"),
        Column("TARGET", cells.share("target"), 7, rank=3, right=True, sort="target"),
    ),
    lambda row: Place("agreement", str(row.get("name") or row["id"])),
    orders=("", "-missed", "name"),
    empty=("No agreement.", "Give a service a target in services.d/*.toml of the state directory."),
)
