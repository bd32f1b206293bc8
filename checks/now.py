"""This moment, for those at the edges; what decides takes a moment as an argument."""

from __future__ import annotations

from datetime import datetime, timezone


def utc_now() -> datetime:
    """Aware, in UTC."""
    return datetime.now(timezone.utc)
