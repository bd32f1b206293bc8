"""Silences and maintenance windows as the lists, views and verbs show them: the record with its state at a moment."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cmdb.hub.rows import Row
from cmdb.model.maintenance import Maintenance
from cmdb.model.silence import Silence
from cmdb.practices.maintenance import open_at
from cmdb.practices.silence import ENDS_SOON


def silence_row(silence: Silence, now: datetime) -> Row:
    """With `state`: pending, active, ending (within the hour) or ended."""
    return {**silence.body(), "state": _silence_state(silence, now)}


def maintenance_row(record: Maintenance, now: datetime) -> Row:
    """The window's fields beside the record's, flat, with `state` (pending, active or over) and `open_until`."""
    window = record.window
    span = open_at(window, now, record.problems)
    over = window.end <= now or (window.ended_at is not None and window.ended_at <= now)
    state = "active" if span is not None else "over" if over else "pending"
    fields = msgspec.structs.asdict(window)
    return {"id": record.id, "version": record.version, "by": record.by, "state": state, **fields} | {
        "open_until": None if span is None else span.end
    }


def _silence_state(silence: Silence, now: datetime) -> str:
    if now < silence.start:
        return "pending"
    if silence.end <= now:
        return "ended"
    return "ending" if silence.end <= now + ENDS_SOON else "active"
