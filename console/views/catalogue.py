"""Every list of the console by its name. What is in one stands beside its noun."""

from __future__ import annotations

from console.views.duty import ONCALL, ROSTER
from console.views.inventory import AGENTS, CHANGES, CLASSES, ITEMS
from console.views.levels import DAYS, SERVICES, SLA
from console.views.people import PEOPLE
from console.views.quiet import MAINTENANCE, SILENCES
from console.views.trouble import CHECKS, INCIDENTS, TRIAGE

VIEWS = {
    view.name: view
    for view in (
        TRIAGE,
        INCIDENTS,
        CHECKS,
        SERVICES,
        SLA,
        DAYS,
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
