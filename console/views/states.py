"""Every state that a record can be in: its word in a table, its word in a sentence, and what it means for a person."""

from __future__ import annotations

from collections.abc import Mapping

from console.views.ink import Ink, Span
from console.views.text import clean

# state → (four letters, ink). The first letter alone tells them apart within one kind of record.
CHECK = {
    "ok": ("OK", Ink.OK),
    "warning": ("WARN", Ink.WARNING),
    "critical": ("CRIT", Ink.CRITICAL),
    "unknown": ("UNKN", Ink.UNKNOWN),
    "pending": ("PEND", Ink.DIM),
}
UNREACHABLE = ("BLKD", Ink.UNKNOWN)  # a check whose CI stands behind something that is down
INCIDENT = {
    "new": ("NEW", Ink.CRITICAL),
    "acknowledged": ("ACK", Ink.TEXT),
    "in_progress": ("WORK", Ink.TEXT),
    "on_hold": ("HOLD", Ink.DIM),
    "resolved": ("DONE", Ink.OK),
    "closed": ("SHUT", Ink.DIM),
}
SERVICE = {
    "up": ("UP", Ink.OK),
    "degraded": ("PART", Ink.WARNING),
    "down": ("DOWN", Ink.CRITICAL),
    "maintenance": ("MAIN", Ink.DIM),
    "unknown": ("UNKN", Ink.UNKNOWN),
}
AGREEMENT = {
    "met": ("MET", Ink.OK),
    "ok": ("MET", Ink.OK),
    "at_risk": ("RISK", Ink.WARNING),
    "breached": ("LOST", Ink.CRITICAL),
    "missed": ("LOST", Ink.CRITICAL),
    "no_data": ("NONE", Ink.UNKNOWN),
    "unknown": ("UNKN", Ink.UNKNOWN),
}
ITEM = {
    "in_use": ("USED", Ink.TEXT),
    "missing": ("MISS", Ink.WARNING),
    "retired": ("GONE", Ink.DIM),
}
AGENT = {
    "connected": ("LIVE", Ink.OK),
    "silent": ("MUTE", Ink.CRITICAL),
    "revoked": ("BARR", Ink.DIM),
}
OUTCOME = {
    "ok": ("OK", Ink.OK),
    "partial": ("PART", Ink.WARNING),
    "denied": ("DENY", Ink.WARNING),
    "timeout": ("TIME", Ink.CRITICAL),
    "unsupported": ("NONE", Ink.DIM),
    "failed": ("FAIL", Ink.CRITICAL),
}
SCHEDULE = {
    "staffed": ("ON", Ink.OK),
    "empty": ("NONE", Ink.CRITICAL),
}
PERSON = {
    "on_call": ("ON", Ink.OK),
    "off": ("OFF", Ink.DIM),
}
SILENCE = {
    "pending": ("SOON", Ink.DIM),
    "active": ("HUSH", Ink.WARNING),
    "ending": ("ENDS", Ink.WARNING),
    "ended": ("OVER", Ink.DIM),
}
MAINTENANCE = {
    "pending": ("SOON", Ink.DIM),
    "active": ("WORK", Ink.WARNING),
    "over": ("OVER", Ink.DIM),
}
PRIORITY = {1: Ink.CRITICAL, 2: Ink.CRITICAL, 3: Ink.WARNING, 4: Ink.TEXT, 5: Ink.DIM}

Words = Mapping[str, tuple[str, Ink]]


def word(words: Words, state: object) -> Span:
    """The four letters of a state; one that is not in the table is shown as it is."""
    return words.get(str(state), (clean(state or "-").upper(), Ink.DIM))


def spelled(words: Words, state: object) -> Span:
    """The state in full, for a sentence or a detail."""
    return clean(state or "not known").replace("_", " "), word(words, state)[1]


def priority_ink(priority: object) -> Ink:
    return PRIORITY.get(priority, Ink.DIM) if isinstance(priority, int) else Ink.DIM
