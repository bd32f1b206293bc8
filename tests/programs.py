"""Programs that a test needs from the system: skipped with the reason where missing, required in CI."""

from __future__ import annotations

import os
import shutil

import pytest


def needs(*programs: str) -> None:
    """Skip the test, or fail it with WATCHDECK_REQUIRE_ALL=1, when one of these programs is not installed."""
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    reason = f"needs {', '.join(missing)} on PATH"
    if os.environ.get("WATCHDECK_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
