"""What holds for all tests: neither a busy machine nor chance may make a property fail in CI."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# By chance new examples are found while developing; in CI they are always the same ones.
settings.register_profile(
    "watchdeck", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("watchdeck")
