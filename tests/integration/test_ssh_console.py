"""The console over SSH: a real client in a real terminal, and what is left when either goes."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.programs import needs
from tests.support.hub import ci, put, until
from tests.support.ssh import Client, Site, site_at
from tests.terminal import Terminal

pytestmark = pytest.mark.slow


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    needs("ssh", "ssh-keygen", "tmux")
    async with site_at(tmp_path) as site:
        await put(site.hub, ci("web", "host", host="web", name="web-01.example"))
        yield site


def programs(site: Site) -> list[int]:
    """The visitors' processes that run."""
    nursery = site.door.nursery.pid
    return [int(one) for one in Path(f"/proc/{nursery}/task/{nursery}/children").read_text().split()]


def client_pid(client: Client) -> int:
    """The `ssh` that has this client's key."""
    mark = str(client.key).encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0] == b"ssh" and any(mark in word for word in words):
                return int(entry.name)
    raise AssertionError("no ssh runs with this key")


def in_terminal(client: Client, tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, client.command(options=("-tt", "-e", "none")))


async def test_the_console_opens_follows_the_window_and_ends(site: Site, tmp_path: Path) -> None:
    mia = await site.user("mia", "operator")
    with in_terminal(mia, tmp_path) as terminal:
        await asyncio.to_thread(terminal.shows, "triage")
        assert len(programs(site)) == 1
        terminal.type(":")
        terminal.type("hosts")
        await asyncio.to_thread(terminal.shows, ": hosts")
        terminal.press("Enter")
        await asyncio.to_thread(terminal.shows, "web-01.example")
        terminal.resize(80, 24)
        await asyncio.to_thread(terminal.shows, "web-01.example")
        terminal.press("q")
        await asyncio.to_thread(terminal.shows, "exit status 0")
    await until(lambda: programs(site) == [], "the program's end")
    await until(lambda: site.door.guard.visitors == 0, "the connection's end")
    assert list((site.hub.locations.state / "visits").iterdir()) == []


async def test_a_killed_client_leaves_no_process(site: Site, tmp_path: Path) -> None:
    mia = await site.user("mia", "operator")
    with in_terminal(mia, tmp_path) as terminal:
        await asyncio.to_thread(terminal.shows, "triage")
        os.kill(client_pid(mia), signal.SIGKILL)
        await until(lambda: programs(site) == [], "the program's end")


async def test_a_client_that_stands_still_costs_nothing_and_goes_on(site: Site, tmp_path: Path) -> None:
    mia = await site.user("mia", "operator")
    with in_terminal(mia, tmp_path) as terminal:
        await asyncio.to_thread(terminal.shows, "triage")
        pid = client_pid(mia)
        os.kill(pid, signal.SIGSTOP)
        try:
            hub_before, program = time.process_time(), programs(site)[0]
            program_before = cpu_s(program)
            await asyncio.sleep(2)
            assert time.process_time() - hub_before < 1
            assert cpu_s(program) - program_before < 1
        finally:
            os.kill(pid, signal.SIGCONT)
        terminal.press("q")
        await asyncio.to_thread(terminal.shows, "exit status 0")


async def test_the_hubs_end_ends_the_console(tmp_path: Path) -> None:
    needs("ssh", "ssh-keygen", "tmux")
    async with site_at(tmp_path) as site:
        mia = await site.user("mia", "operator")
        with in_terminal(mia, tmp_path) as terminal:
            await asyncio.to_thread(terminal.shows, "triage")
            (program,) = programs(site)
    await until(lambda: not Path(f"/proc/{program}").exists(), "the program's end")


def cpu_s(pid: int) -> float:
    """CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
