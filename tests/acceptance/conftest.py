"""Fixtures of the acceptance tests: real processes of a real installation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.installation import Installation

QUICK = """
[check]
interval_s = 2
retry_s = 0.5

[incident]
hold_down_s = 1
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """One installation, up and ready, that probes often and resolves soon."""
    with Installation(tmp_path / "state", QUICK) as running:
        yield running


@pytest.fixture(scope="session")
def shared_installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for all tests of a process that only read."""
    with Installation(tmp_path_factory.mktemp("installation") / "state", QUICK) as running:
        yield running
