"""A hub that is killed again and again: every transition that the agent saw is in the history, once and in order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import QUICK
from tests.acceptance.installation import Installation
from tests.support.web_server import WebServer
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

KILLS = 4
LOOKS_BETWEEN = 20
LOOKS_BETWEEN_CHANGES = 6
RULE = """
[[check]]
name = "site"
apply = "class=host"
type = "http"
params = {{ url = "{url}" }}
interval = 0.2
retry = 0.2
timeout = 60.0
max_attempts = 1
"""


class Restless(WebServer):
    """It is well for some looks, then is not for some, until it is told to be well."""

    def __init__(self) -> None:
        super().__init__(lambda: 503 if not self.calm and len(self.answers) // LOOKS_BETWEEN_CHANGES % 2 else 200)
        self.calm = False

    def looked_at(self, times: int) -> None:
        """Wait for so many more looks."""
        wanted = len(self.answers) + times
        wait_for(f"{times} more looks at the site", lambda: len(self.answers) >= wanted, limit_s=120)


@pytest.fixture
def site() -> Iterator[Restless]:
    site = Restless()
    yield site
    site.stop()


def test_a_hub_that_is_killed_loses_no_transition(tmp_path: Path, site: Restless) -> None:
    rules = tmp_path / "state" / "services.d"
    rules.mkdir(parents=True)
    (rules / "site.toml").write_text(RULE.format(url=site.url))
    with Installation(tmp_path / "state", QUICK) as installation:
        site.looked_at(LOOKS_BETWEEN)
        for _ in range(KILLS):
            hub = installation.process("hub")
            hub.kill()
            hub.wait(timeout=30)
            site.looked_at(LOOKS_BETWEEN)
        site.calm = True
        site.looked_at(2)
        wait_for("all that was seen", lambda: states(installation) == seen(site), limit_s=120)
        assert len(seen(site)) > 2 * KILLS


def seen(site: Restless) -> list[str]:
    return [{200: "ok", 503: "critical"}[status] for status, _ in groupby(site.answers)]


def states(installation: Installation) -> list[str]:
    """As the history has them, oldest first, without what was unknown; none while the hub is not back."""
    listed = installation.command("check", "list", "--filter", "type=http id~/site", "--json")
    if listed.returncode:
        return []
    (check,) = json.loads(listed.stdout)
    rows: list[dict[str, Any]] = installation.json("check", "history", check["id"], "--limit", "1000")
    known = [row["state"] for row in reversed(rows) if row["state"] != "unknown"]
    return [state for state, _ in groupby(known)]
