"""What holds for all tests: neither a busy machine nor chance may make a property fail in CI."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# By chance new examples are found while developing; in CI they are always the same ones.
settings.register_profile(
    "watchdeck", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("watchdeck")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests that would be in each other's way run in turn."""
    from tests.scheduling import ByGroup

    return ByGroup(config, log)
