"""A check's page says of each of its last failures what was wanted, what came, from whom, and where the time went."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from agent.wire import CheckResult, Hello, Results
from checks.result import Result, State
from cmdb.hub.hub import Hub
from cmdb.hub.live_agent import Origin
from tests.support.hub import START, HandClock, check, ci, hub_at, put
from tests.support.typed import typed_on
from tests.tui.seen import console_on

SLOW = Result(
    "web/http",
    START,
    State.CRITICAL,
    "http://shop/ answers 503",
    phases={"dns": 0.004, "connect": 0.012, "first_byte": 1.25},
    address="192.0.2.7:80",
    expected="status 200-399",
    actual="503",
)
GONE = Result(
    "web/http", START + timedelta(minutes=1), State.CRITICAL, "192.0.2.8:80 refused the connection",
    phases={"connect": 0.02}, address="192.0.2.8:80", expected="a connection", actual="refused",
)  # fmt: skip
WELL = Result("web/http", START + timedelta(minutes=2), State.OK, "http://shop/ answers 200", address="192.0.2.9:80")


async def fail_twice_and_recover(hub: Hub) -> None:
    ingest = hub.agents.ingest
    record = await ingest.arrive(Hello(1, "agent-1", "web", "0.1.0", "linux"), Origin())
    await put(hub, ci("web", "host", host="web"), check("web", "http", "pending", agent="agent-1"))
    told = [CheckResult(SLOW, False, 1), CheckResult(GONE, False, 2), CheckResult(WELL, True, 1)]
    await ingest.results("agent-1", Results(record.serial + 1, told, []))


@pytest.mark.slow
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_failures_of_a_check_each_with_its_phases(tmp_path: Path, size: tuple[int, int]) -> None:
    clock = HandClock(START + timedelta(minutes=3))
    async with hub_at(tmp_path, clock=clock) as hub:
        await fail_twice_and_recover(hub)
        async with console_on(tmp_path, size=size, clock=clock) as seen:
            await seen.type(":check web/http")
            await seen.press("enter")
            await seen.shows("192.0.2.9:80")
            await seen.press("shift+tab", "shift+tab")
            screen = await seen.shows("first byte")
    newer, older = screen.index("refused the connection"), screen.index("answers 503")
    assert newer < screen.index("192.0.2.8:80", newer + 1) < older
    for said in ("try 1", "192.0.2.7:80", "status 200-399", "503", "1.25s"):
        assert said in screen[older - 40 :], said
    assert "answers 200" not in screen[newer:]


async def test_the_command_line_shows_them_below_the_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with hub_at(tmp_path, clock=HandClock(START + timedelta(minutes=3))) as hub:
        await fail_twice_and_recover(hub)
        said = await typed_on(hub, capsys)("check", "show", "web/http")
    _, failures = said.split("last failures\n")
    assert "phases    dns 4.0 ms  connect 12.0 ms  first_byte 1250.0 ms" in failures
    assert failures.index("192.0.2.8:80") < failures.index("192.0.2.7:80") < failures.index("status 200-399")
