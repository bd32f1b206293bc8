"""Taking back the last step of an incident: who has it, and its state, are as they were before. Pure.

Not a way to change the record of what happened: the step stays on the timeline, and that it was undone follows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cmdb.model.change import HistoryRow
from cmdb.model.incident import Incident, TimelineEntry

UNDOABLE = frozenset({"acknowledged", "assigned", "put on hold", "resumed", "resolved"})
RESTORED = frozenset({"state", "acknowledged_at", "acknowledged_by", "assignee", "hold_reason", "resolved_at"})
_SETTLED = frozenset(
    {"undone", "re-armed", "reopened", "closed", "merged", "recovered"}
)  # there is no way back past it


class NothingToUndo(Exception):
    """There is no step of this person's that could be taken back; the message says why."""


def last_step(incident: Incident, who: str) -> TimelineEntry:
    """The step that this person may take back. Raises `NothingToUndo`."""
    for entry in reversed(incident.timeline):
        if entry.what in UNDOABLE and entry.who == who:
            return entry
        if entry.what in UNDOABLE:
            raise NothingToUndo(f"{entry.who} has acted since: {entry.what}")
        if entry.what in _SETTLED:
            raise NothingToUndo(f"it was {entry.what} since")
    raise NothingToUndo(f"{who} did nothing to it that can be undone")


def before_last(history: Sequence[HistoryRow], who: str) -> Mapping[str, Any]:
    """What the newest batch of this person changed, as it was; `history` is newest first."""
    own = [row for row in history if row.attribute in RESTORED]
    if not own or own[0].actor != who:
        return {}
    return {row.attribute: row.before for row in own if row.seq == own[0].seq}


def undone(incident: Incident, who: str, at: datetime, before: Mapping[str, Any]) -> Incident:
    """The incident with the last step of this person taken back. Raises `NothingToUndo`."""
    step = last_step(incident, who)
    if not before:
        raise NothingToUndo("what it was before is not on record any more")
    restored = msgspec.convert({**incident.body(), **before}, Incident)
    entry = TimelineEntry(at=at, who=who, what="undone", text=f"{step.what} {step.text}".strip())
    return msgspec.structs.replace(restored, timeline=(*incident.timeline, entry))
