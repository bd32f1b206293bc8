"""What changed before an incident and may have caused it, newest and nearest first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from cmdb.model.change import HistoryRow
from cmdb.model.incident import Suspect

LOOKED_BACK = timedelta(hours=24)
AWAY = timedelta(hours=1)  # a change one relation further off counts as this much older
MOST = 10
LONGEST_VALUE = 60


def suspects(
    rows: Iterable[HistoryRow],
    distances: Mapping[str, int],
    names: Mapping[str, str],
    opened_at: datetime,
    planned: Iterable[Suspect] = (),
) -> tuple[Suspect, ...]:
    """The likeliest of these history rows, and of what was `planned`.

    `distances` counts relations from the incident's CI; others are left out.
    """
    found = [
        Suspect(at=row.at, ci=row.id, what=_words(row, names.get(row.id, row.id)), distance=distances[row.id])
        for row in rows
        if row.id in distances and opened_at - LOOKED_BACK <= row.at <= opened_at and not _is_symptom(row)
    ]
    found += planned
    found.sort(key=lambda one: (opened_at - one.at + one.distance * AWAY, one.distance, one.ci))
    return tuple(found[:MOST])


def _is_symptom(row: HistoryRow) -> bool:
    """That something went missing is what the incident is about, not why."""
    return row.attribute in {"missing_since", "missing_reports"} or (
        row.attribute == "status" and row.after == "missing"
    )


def _words(row: HistoryRow, name: str) -> str:
    by = "" if row.actor.startswith("agent ") else f", by {row.actor}"
    if not row.attribute:
        return f"{name} {'appeared' if row.before is None else 'was removed'}{by}"
    attribute = row.attribute.removeprefix("attributes.")
    return f"{name}: {attribute} {_short(row.before)} → {_short(row.after)}{by}"


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
