"""What the command line printed at twenty moments of a run, it prints again when asked for those moments."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.installation import Installation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # some ninety commands
MOMENTS = 20
TRIES = 30
# A scan in between would be a change that nobody here made.
CALM = "[agent]\nscan_interval_s = 3600\n"


def test_ci_list_at_twenty_moments_of_a_run_is_what_it_printed_then(tmp_path: Path) -> None:
    with Installation(tmp_path / "state", CALM) as installation:
        printed = [step(installation, tmp_path, number) for number in range(MOMENTS)]
        assert len({json.dumps(rows) for _, rows in printed}) == MOMENTS
        as_they_were(installation, printed)
        installation.down()
        installation.up()
        as_they_were(installation, printed[::5])


def step(installation: Installation, folder: Path, number: int) -> tuple[str, Any]:
    """One change by a person, and what `ci list` then printed, with a moment at which that was so."""
    if number % 4 == 3:
        installation.json("ci", "retire", f"thing-{number - 3}")
    elif number % 4 == 1:
        installation.json("ci", "set", f"thing-{number - 1}", f"step={number}", "owner=ann")
    else:
        items = folder / "items.csv"
        items.write_text(f"class,host,name\nhost,thing-{number},thing-{number}\n")
        installation.json("import", "csv", str(items))
    for _ in range(TRIES):
        rows = installation.json("ci", "list")
        moment = datetime.now(UTC).isoformat()
        if installation.json("ci", "list") == rows:
            return moment, rows
        time.sleep(0.2)
    raise AssertionError("the list never stood still")


def as_they_were(installation: Installation, printed: list[tuple[str, Any]]) -> None:
    for moment, rows in printed:
        assert installation.json("ci", "list", "--at", moment) == rows
