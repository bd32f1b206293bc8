"""The simulated fleet: the same seed gives the same hosts, and a real hub takes them in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.discovery.digest import digest_of
from agent.discovery.sections import BY_NAME
from console.demo.host import SimulatedHost
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]


def test_a_seed_makes_a_fleet() -> None:
    once, again, other = (SimulatedHost(7, seed) for seed in (1, 1, 2))
    assert once.name == again.name
    assert {name: digest_of(items) for name, items in once.sections().items()} == {
        name: digest_of(items) for name, items in again.sections().items()
    }
    assert once.agent_id != other.agent_id


def test_its_sections_are_those_of_discovery_and_relate_to_items_that_are_there() -> None:
    for number in range(50):
        sections = SimulatedHost(number, 1).sections()
        assert set(sections) <= set(BY_NAME)
        known = {(item.class_, item.key) for items in sections.values() for item in items}
        related = {(class_, key) for items in sections.values() for item in items for _, class_, key in item.relations}
        assert related <= known
        assert len(known) == sum(len(items) for items in sections.values())


def test_an_upgrade_changes_one_section() -> None:
    host = SimulatedHost(3, 1)
    before = {name: digest_of(items) for name, items in host.sections().items()}
    host.upgrade()
    after = {name: digest_of(items) for name, items in host.sections().items()}
    assert {name for name in after if after[name] != before[name]} == {"dpkg"}


@pytest.mark.slow
def test_a_fleet_of_twelve_is_in_the_record_and_fails_now_and_then(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "console.main"]
    fleet = ["demo", "--headless", "--hosts", "12", "--changes", "2000", "--state", str(tmp_path)]
    with subprocess.Popen([*command, *fleet], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:

            def counts() -> dict[str, int] | None:
                asked = [*command, "status", "--json", "--state", str(tmp_path)]
                done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
                found: dict[str, int] = json.loads(done.stdout)["counts"] if done.returncode == 0 else {}
                return found if found.get("agents") == 12 and found.get("incidents") else None

            found = wait_for("twelve agents and an incident", counts, limit_s=60)
            assert found is not None
            assert found["ci"] > 12 * 10
        finally:
            process.terminate()
            process.communicate(timeout=20)
    assert process.returncode == 0
