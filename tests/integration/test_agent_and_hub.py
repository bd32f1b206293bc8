"""A real agent process against a real hub end on a Unix socket."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import msgspec
import pytest

from agent.wire import CheckResult, Results
from checks.definition import Definition
from checks.result import Result, State
from cmdb.config import AgentSection
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from tests.support.agents import ROOT, HubEnd, agent_process
from tests.support.hub import until

pytestmark = pytest.mark.slow


def load_check(name: str = "h/load", interval_s: float = 3600) -> Definition:
    return Definition(id=name, ci="h", type="load", interval_s=interval_s)


def file_check(path: Path) -> Definition:
    """Well while the file is there."""
    params = {"path": str(path), "mounted": False}
    return Definition(
        id="h/file", ci="h", type="filesystem", params=params, interval_s=0.2, retry_s=0.2, max_attempts=1
    )


def spool_bytes(spool: Path) -> int:
    return sum(file.stat().st_size for file in spool.iterdir())


def grown(spool: Path, before_bytes: int) -> bool:
    return spool_bytes(spool) > before_bytes


def children_of(pid: int) -> list[int]:
    """The processes whose parent this is."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def pretend_an_account_was_another(hub: HubEnd, known: Path) -> str:
    """Agent and hub remember this machine's accounts as they never were: one other, one more. Which is another."""
    sections = msgspec.msgpack.decode(known.read_bytes())
    _, items = sections["account"]
    class_, key, _ = items[0]
    sections["account"] = ["then", [[class_, key, b"another"], *items[1:], ["account", "nobody-else", b"gone"]]]
    known.write_bytes(msgspec.msgpack.encode(sections))
    agent = await hub.agent()
    then = {**agent.sections["account"], "digest": "then"}
    record = msgspec.structs.replace(agent, sections={**agent.sections, "account": then})
    await hub.ledger.commit([Put(Kind.AGENT, record)], actor="test", reason="then")
    return str(key)


async def test_the_first_report_comes_in_and_a_rescan_that_finds_the_same_writes_nothing(tmp_path: Path) -> None:
    hub = HubEnd(tmp_path / "agent.sock")
    async with hub.running():
        with agent_process(tmp_path / "agent", hub.socket) as agent:
            await until(lambda: len(hub.reports) == 1, "the first report")
            record = await hub.agent()
            assert record.state == "connected"
            assert record.host == f"{record.id}-host"
            assert record.sections["host"]["outcome"] == "ok"
            assert len(record.sections["host"]["digest"]) == 32
            written = hub.store.seq
            for again in range(2, 62):  # what lives on this machine may change between two scans, but not each time
                before = hub.store.seq
                await hub.agents.scan_now(record.id)
                await hub.until_reports(again)
                if hub.store.seq == before:
                    break
            else:
                pytest.fail(f"sixty rescans all wrote: {hub.store.seq - written} batches")
            assert hub.agents.live[record.id].last_report is not None
            status, said = agent.stop()
            assert status == 0, said


async def test_a_changed_section_costs_only_the_items_that_changed(tmp_path: Path) -> None:
    hub = HubEnd(tmp_path / "agent.sock")
    async with hub.running():
        with agent_process(tmp_path / "agent", hub.socket):
            await hub.until_reports(1)
            known = tmp_path / "agent" / "known.msgpack"
            await until(known.exists, "the agent to remember what it told")
            changed = await pretend_an_account_was_another(hub, known)
            await hub.agents.scan_now((await hub.agent()).id)
            await hub.until_reports(2)
            (told,) = [section for section in hub.scans[-1].sections if section.outcome.name == "account"]
            assert [item.key for item in told.items or ()] == [changed]
            assert told.gone == [("account", "nobody-else")]


async def test_a_resident_agent_never_loads_what_only_scans_and_rare_checks_need(tmp_path: Path) -> None:
    usual = [Definition(id=f"h/{type_}", ci="h", type=type_, interval_s=3600) for type_ in ("load", "memory", "swap")]
    hub = HubEnd(tmp_path / "agent.sock", [*usual, file_check(tmp_path)])
    telling = (
        f"import sys, types; sys.path.append({str(Path(msgspec.__file__).parents[1])!r})\n"
        "from agent.main import main; status = main(sys.argv[1:])\n"
        "print(*[name for name, module in sys.modules.items() if type(module) is types.ModuleType], file=sys.stderr)"
    )
    program = (sys.executable, "-S", "-c", telling)  # without what the files of an installation load at every start
    async with hub.running():
        with agent_process(tmp_path / "agent", hub.socket, program=program) as agent:
            await hub.until_reports(1)
            await until(
                lambda: {step.after.type for step in hub.steps} == {one.type for one in hub.definitions}, "checks"
            )
            status, said = agent.stop()
    loaded = set(said.split())
    assert status == 0
    assert {"asyncio", "msgspec", "agent.scheduler", "checks.probes.memory"} <= loaded
    discovery = {name for name in loaded if name.startswith("agent.discovery")}
    others = {
        "ssl", "hashlib", "secrets", "sqlite3", "http", "http.client", "email", "zipfile", "importlib.metadata",
        "psutil", "inspect", "ast", "dis", "ipaddress", "argparse", "gettext", "shutil", "tempfile", "dataclasses",
        "json", "base64", "multiprocessing", "concurrent.futures.thread", "asyncssh", "cryptography", "tinydb",
    }  # fmt: skip
    assert discovery | others & loaded == set()


async def test_the_socket_may_lie_deeper_than_the_kernel_takes(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    hub = HubEnd(deep / "agent.sock")
    async with hub.running():
        assert hub.socket.stat().st_mode & 0o777 == 0o600
        with agent_process(deep / "agent", hub.socket):
            await until(lambda: len(hub.agents.live) == 1, "the agent")


async def test_checks_are_run_and_on_demand_too(tmp_path: Path) -> None:
    hub = HubEnd(tmp_path / "agent.sock", [load_check()])
    async with hub.running():
        with agent_process(tmp_path / "agent", hub.socket):
            await until(lambda: len(hub.steps) > 0, "the first result")
            (check,) = await hub.checks()
            assert check.state != "pending"
            assert check.last_result["output"]
            (agent_id,) = hub.agents.live
            came = await hub.agents.run_check(agent_id, "h/load", 10)
            assert came.result.check == "h/load"
            (again,) = await hub.checks()
            assert again.last_result_at == came.result.at


async def test_a_killed_agent_comes_back_with_its_id_and_loses_nothing_it_had_spooled(tmp_path: Path) -> None:
    hub = HubEnd(tmp_path / "agent.sock", [load_check(f"h/{n}", interval_s=0.2) for n in range(3)])
    async with hub.running():
        with agent_process(tmp_path / "agent", hub.socket) as agent:
            await until(lambda: len(hub.steps) >= 3, "results")
            first = await hub.agent()
            agent.kill()
            await until(lambda: not hub.agents.live, "its end")
        with agent_process(tmp_path / "agent", hub.socket):
            await until(lambda: first.id in hub.agents.live, "the agent again")
            serial = (await hub.agent()).serial
            await hub.agents.run_check(first.id, "h/1", 10)
            again = await hub.agent()
            assert again.id == first.id
            assert again.serial > serial >= first.serial


async def test_results_of_a_time_without_hub_are_replayed_in_order_and_none_twice(tmp_path: Path) -> None:
    flip = tmp_path / "flip"
    hub = HubEnd(tmp_path / "agent.sock", [file_check(flip)])
    with agent_process(tmp_path / "agent", hub.socket) as agent:
        async with hub.running():
            await until(lambda: len(hub.steps) == 1, "the first result")
        for turn in range(3):  # each turn is a change of state that no hub sees
            before = spool_bytes(tmp_path / "agent" / "spool")
            if turn % 2 == 0:
                flip.touch()
            else:
                flip.unlink()
            await until(partial(grown, tmp_path / "agent" / "spool", before), "a spooled change")
        agent.kill()
    with agent_process(tmp_path / "agent", hub.socket):
        async with hub.running():
            await until(lambda: len(hub.changes()) >= 4, "the replay")
            assert [change.after.state for change in hub.changes()] == ["critical", "ok", "critical", "ok"]
            moments = [change.came.result.at for change in hub.changes() if change.came]
            assert moments == sorted(set(moments))


async def test_a_message_whose_confirmation_was_lost_is_taken_once(tmp_path: Path) -> None:
    hub = HubEnd(tmp_path / "agent.sock", [load_check()])
    async with hub.running():
        with agent_process(tmp_path / "agent", hub.socket):
            await until(lambda: len(hub.steps) == 1, "the first result")
            agent_id = (await hub.agent()).id
        (check,) = await hub.checks()
        again = Results(1, [CheckResult(Result(check.id, check.since, State.CRITICAL, "doubled"), True, 1)])
        assert await hub.ingest.results(agent_id, again) == []
        assert await hub.checks() == [check]


async def test_it_ends_with_its_lifeline_and_leaves_no_process(tmp_path: Path) -> None:
    hub = HubEnd(tmp_path / "agent.sock")
    async with hub.running():
        with agent_process(tmp_path / "agent", hub.socket, lifeline=True) as agent:
            await until(lambda: bool(children_of(agent.process.pid)), "the scanning child")
            (child,) = children_of(agent.process.pid)
            os.close(agent.lifeline)
            status, said = agent.ended()
            assert status == 0, said
            await until(lambda: not Path(f"/proc/{child}").exists(), "the child's end")


def test_a_second_agent_on_the_same_directory_is_refused_in_one_line(tmp_path: Path) -> None:
    with agent_process(tmp_path / "agent", tmp_path / "nowhere.sock") as first:
        while not (tmp_path / "agent" / "id").exists():
            assert first.process.poll() is None
        command = [sys.executable, "-m", "agent.main", "run", "--state", str(tmp_path / "agent"), "--hub", "unix:x"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 6
        assert len(done.stderr.splitlines()) == 1
        assert "another agent runs on this directory" in done.stderr


async def test_a_silent_agent_is_written_down_as_silent(tmp_path: Path) -> None:
    pace = AgentSection(scan_interval_s=3600, heartbeat_interval_s=0.2, silent_after_s=1)
    hub = HubEnd(tmp_path / "agent.sock", pace=pace)
    async with hub.running():
        with agent_process(tmp_path / "agent", hub.socket) as agent:
            await until(lambda: len(hub.reports) == 1, "the first report")
            agent.kill()
        await until(lambda: hub.agent_states[-1:] == ["silent"], "its silence")
        assert hub.agent_states == ["connected", "silent"]


def test_an_agent_that_costs_too_much_ends_and_says_why(tmp_path: Path) -> None:
    frugal = (
        "import sys; from pathlib import Path\n"
        "from agent.address import parse_address; from agent.run import Settings, run\n"
        "from agent.watchdog import Allowance\n"
        "state = Path(sys.argv[1])\n"
        "run(Settings(state, [parse_address('unix:nowhere.sock', state)], allowance=Allowance(rss_bytes=1)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", frugal, str(tmp_path / "agent")],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "TooDear: it holds " in done.stderr
