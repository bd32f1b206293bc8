"""Monitoring plugins run by the interface: Debian's real ones, and scripts that misbehave on purpose."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from checks.definition import Definition, Threshold
from checks.probes.plugin import DIRECTORIES, DIRECTORIES_VARIABLE
from checks.result import Result, State
from checks.run import run
from tests.misbehaving import is_silent, says, serving
from tests.waiting import wait_for

pytestmark = pytest.mark.slow
REAL = Path(DIRECTORIES[0])


@pytest.fixture
def real_plugins() -> Path:
    if (REAL / "check_http").exists():
        return REAL
    if os.environ.get("WATCHDECK_REQUIRE_ALL") == "1":
        pytest.fail("needs Debian's monitoring-plugins-basic")
    pytest.skip("needs Debian's monitoring-plugins-basic")


@pytest.fixture
def own_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(DIRECTORIES_VARIABLE, str(tmp_path))
    return tmp_path


def write(folder: Path, name: str, script: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return name


async def plugin(name: str, *args: str, timeout_s: float = 10.0, **thresholds: Threshold) -> Result:
    params = {"plugin": name, "args": args}
    definition = Definition("ci/p", "ci", "plugin", params, thresholds=thresholds, timeout_s=timeout_s)
    return await run(definition)


@pytest.mark.parametrize(
    ("code", "state"), [("0", State.OK), ("1", State.WARNING), ("2", State.CRITICAL), ("3", State.UNKNOWN)]
)
async def test_the_four_exit_codes_are_the_four_states(real_plugins: Path, code: str, state: State) -> None:
    result = await plugin("check_dummy", code, "said so")
    assert (result.state, result.reason) == (state, None)
    assert "said so" in result.output


@pytest.mark.parametrize(
    ("name", "args", "metrics"),
    [
        ("check_load", ("-w", "100,100,100", "-c", "200,200,200"), {"load1", "load5", "load15"}),
        ("check_disk", ("-w", "1%", "-c", "0%", "-p", "/"), {"/"}),
        ("check_procs", ("-w", "1:100000"), {"procs"}),
        ("check_users", ("-w", "1000", "-c", "2000"), {"users"}),
        ("check_file_age", ("-w", "999999999", "-c", "999999999", "-f", "/etc/passwd"), {"age", "size"}),
    ],
)
async def test_debians_plugins_run_and_their_metrics_are_read(
    real_plugins: Path, name: str, args: tuple[str, ...], metrics: set[str]
) -> None:
    result = await plugin(name, *args)
    assert result.state is State.OK, result.output
    assert {metric.name for metric in result.metrics} == metrics
    assert all(metric.value is not None for metric in result.metrics)
    assert "perfdata not read" not in result.detail


async def test_check_http_and_check_tcp_agree_with_a_real_server(real_plugins: Path) -> None:
    with serving(says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")) as server:
        where = ("-I", server.host, "-p", str(server.port))
        warned = await plugin("check_http", *where)
        listening = await plugin("check_tcp", "-H", server.host, "-p", str(server.port))
    refused = await plugin("check_tcp", "-H", server.host, "-p", str(server.port))
    assert (warned.state, listening.state, refused.state) == (State.WARNING, State.OK, State.CRITICAL)
    assert {metric.name: metric.unit for metric in warned.metrics} == {"time": "s", "size": "B"}
    assert {metric.name for metric in listening.metrics} == {"time"}


async def test_a_plugins_metric_can_have_a_threshold_of_ours(real_plugins: Path) -> None:
    result = await plugin("check_procs", procs=Threshold(crit="~:0"))
    assert result.state is State.CRITICAL
    assert result.expected == "procs at most 0"


async def test_a_plugin_that_hangs_is_ended_with_all_that_it_started(own_plugins: Path) -> None:
    pids = own_plugins / "pids"
    name = write(
        own_plugins,
        "check_hang",
        f"trap '' TERM\n(trap '' TERM; echo $$; exec sleep 100) > {pids} &\nsleep 100 & wait; wait",
    )
    result = await plugin(name, timeout_s=0.5)
    assert (result.state, result.reason) == (State.UNKNOWN, "timeout")
    assert result.output == "timed out after 0.5 s, running check_hang"
    pid = int(pids.read_text())
    wait_for(f"process {pid} to end", lambda: not _runs(pid), limit_s=5)


def _runs(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


async def test_a_grandchild_that_keeps_the_pipe_open_is_not_waited_for(own_plugins: Path) -> None:
    pids = own_plugins / "pids"
    name = write(own_plugins, "check_daemon", f"echo fine\nsleep 300 &\necho $! > {pids}\nexit 0")
    result = await plugin(name, timeout_s=100)
    pid = int(pids.read_text())
    assert _runs(pid)
    os.kill(pid, 9)
    assert (result.state, result.output) == (State.OK, "fine")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo odd; exit 4", "check_odd ended with code 4, which no plugin may: odd"),
        ("kill -SEGV $$", "check_odd was ended by SIGSEGV, which no plugin may: (no output)"),
        ("echo to stderr >&2; exit 127", "check_odd ended with code 127, which no plugin may: to stderr"),
    ],
)
async def test_an_end_that_the_interface_has_not_is_unknown(own_plugins: Path, script: str, words: str) -> None:
    result = await plugin(write(own_plugins, "check_odd", script))
    assert (result.state, result.reason, result.output) == (State.UNKNOWN, "failed", words)


async def test_a_plugin_runs_in_the_c_locale_without_the_agents_secrets(
    own_plugins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    result = await plugin(write(own_plugins, "check_env", 'echo "$LC_ALL [$SECRET_TOKEN]"'))
    assert result.output == "C []"


async def test_a_flood_of_output_is_cut_and_does_not_stop_the_plugin(own_plugins: Path) -> None:
    result = await plugin(write(own_plugins, "check_flood", "yes | head -c 20000000; exit 1"))
    assert result.state is State.WARNING
    assert len(result.detail) <= 16 * 1024


async def test_perfdata_that_cannot_be_read_is_told_and_costs_nothing_else(own_plugins: Path) -> None:
    result = await plugin(write(own_plugins, "check_comma", "echo 'fine|a=1,5 b=2'"))
    assert result.state is State.OK
    assert [metric.name for metric in result.metrics] == ["b"]
    assert "perfdata not read: a=1,5" in result.detail


@pytest.mark.parametrize(
    ("name", "words", "reason"),
    [
        ("check_nothing_of_the_kind", "is not installed in", "unsupported"),
        ("/bin/sh", "is in no plugin directory", "not_permitted"),
        ("../../../bin/sh", "is in no plugin directory", "not_permitted"),
        (f"{REAL}/../../../../bin/sh", "is in no plugin directory", "not_permitted"),
    ],
)
async def test_only_what_lies_in_a_plugin_directory_is_run(name: str, words: str, reason: str) -> None:
    result = await plugin(name)
    assert (result.state, result.reason) == (State.UNKNOWN, reason)
    assert words in result.output


async def test_a_file_that_cannot_be_run_is_said_to(own_plugins: Path) -> None:
    (own_plugins / "check_text").write_text("no program")
    result = await plugin("check_text")
    assert (result.state, result.reason) == (State.UNKNOWN, "failed")
    assert "Permission denied" in result.output


async def test_many_at_once_leave_nothing_behind(real_plugins: Path) -> None:
    with serving(is_silent) as server:
        arguments: list[Any] = [("-H", server.host, "-p", str(server.port))] * 20
        results = await asyncio.gather(*(plugin("check_tcp", *args) for args in arguments))
    assert {result.state for result in results} == {State.OK}
