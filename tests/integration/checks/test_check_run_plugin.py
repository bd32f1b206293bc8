"""`watchdeck check run --plugin`: a plugin here and now, without a hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.commands.grammar import run

pytestmark = pytest.mark.slow


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "check_it"
    path.write_text('#!/bin/sh\n[ "$1" = hang ] && sleep 60\necho "IT $1 $2|a=5MB;10;20"\nexit ${2:-0}\n')
    path.chmod(0o755)
    return path


def test_its_state_is_the_exit_status_and_its_metrics_are_shown(
    plugin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "run", "--plugin", str(plugin), "--", "-w", "0"]) == 0
    assert capsys.readouterr().out == "ok  IT -w 0\na = 5 MB  warn 10  crit 20\n"
    assert run(["check", "run", "--plugin", str(plugin), "--", "x", "2"]) == 1


def test_json_has_the_fields_of_a_result(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", "run", "--plugin", str(plugin), "--json", "--", "x", "1"])
    document = json.loads(capsys.readouterr().out)
    assert (document["state"], document["output"], document["metrics"][0]["value"]) == ("warning", "IT x 1", 5.0)


def test_one_that_hangs_is_unknown_after_its_time(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "run", "--plugin", str(plugin), "--timeout", "0.3", "--", "hang"]) == 1
    assert capsys.readouterr().out == f"unknown  {plugin} timed out after 0.3 s\n"
