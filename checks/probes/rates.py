"""Counters into rates: what a counter grew by since the last look, for each second between."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Optional

from checks.recall import RECALL


def rates(key: str, counters: Mapping[str, float]) -> Optional[dict[str, float]]:
    """By name, in units a second; None at the first look, and when a counter began anew."""
    now = time.time()
    before = RECALL.get(key)
    RECALL.put(key, {"at": now, **counters})
    if not isinstance(before, dict) or not set(counters) <= set(before) or now <= before["at"]:
        return None
    grown = {name: (value - before[name]) / (now - before["at"]) for name, value in counters.items()}
    return None if min(grown.values(), default=0.0) < 0 else grown
