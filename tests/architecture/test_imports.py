"""The folders are a stream, and what must stay light stays light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_import_contracts_hold() -> None:
    # lint-imports has no `python -m`; its command lies beside the interpreter.
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_what_runs_on_hosts_needs_no_newer_python_than_they_have() -> None:
    # As lint-imports. msgspec evaluates annotations, so that they count.
    vermin = Path(sys.executable).with_name("vermin")
    command = [str(vermin), "--target=3.9-", "--eval-annotations", "--no-tips", "--violations", "agent", "checks"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("agent.main", ("textual", "rich", "asyncssh", "tinydb", "click", "cmdb", "console")),
        ("cmdb.hub.main", ("textual", "rich", "console")),
    ],
)
def test_a_fresh_process_stays_light(module: str, forbidden: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*[name for name in {forbidden!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.split() == []
