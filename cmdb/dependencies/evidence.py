"""How sure an observed relation is: grows with each hour in which it was seen, fades by half each week in which not."""

from __future__ import annotations

from datetime import datetime, timedelta

HALF_LIFE = timedelta(days=7)
SAMPLE_EVERY = timedelta(hours=1)
FORGOTTEN_BELOW = 0.05
OBSERVED = "connections"  # the source of relations that were concluded from connections


def confidence(samples: int, last_seen: datetime, now: datetime) -> float:
    """0 to 1: 0.5 after the first sample, 0.9 after nine, fading from the moment that it was last seen."""
    age = max(timedelta(0), now - last_seen)
    faded: float = 0.5 ** (age / HALF_LIFE)
    return samples / (samples + 1) * faded
