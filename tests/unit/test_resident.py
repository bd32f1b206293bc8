"""What of an agent lasts: results on their way to the disk, which may be sent when they are there."""

from __future__ import annotations

import threading
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import pytest

import agent.resident
from agent.resident import Results
from agent.spool import Spool
from agent.wire import CheckResult
from checks.result import Result, State
from tests.support.hub import until

CHANGE = CheckResult(Result("c/1", datetime(2026, 3, 1, tzinfo=UTC), State.OK, "fine"), hard=True, attempt=1)


async def test_results_may_be_sent_when_a_power_cut_would_leave_them_and_a_slow_disk_holds_nothing_else_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk_is_done = threading.Event()

    def slowly(_paths: Collection[Path]) -> None:
        disk_is_done.wait(30)

    monkeypatch.setattr(agent.resident, "keep", slowly)
    results = Results(Spool(tmp_path))
    for _ in range(2):
        results.take(CHANGE)
        results.flush()
    assert (results.spool.next_serial, results.kept, results.news.is_set()) == (3, 0, False)
    disk_is_done.set()
    await until(lambda: results.kept == 2, "both on the disk")
    assert results.news.is_set()


async def test_a_disk_that_fails_is_no_reason_to_say_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_paths: Collection[Path]) -> None:
        raise OSError("input/output error")

    monkeypatch.setattr(agent.resident, "keep", broken)
    results = Results(Spool(tmp_path))
    results.take(CHANGE)
    results.flush()
    await until(lambda: results.kept == 1, "it may be sent")
    results.close()
