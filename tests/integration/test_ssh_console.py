"""The console over SSH: a real client in a real terminal, and what is left when either goes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import console.ssh.door
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


def sockets_of_visits(site: Site) -> list[Path]:
    """Where the hub answers visitors' programs; each goes a moment after its program."""
    return list((site.hub.locations.state / "visits").iterdir())


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
        (program,) = programs(site)
        terminal.resize(80, 24)
        await until(lambda: window_of(program) == (24, 80), "the new size at the program")
        await asyncio.to_thread(terminal.shows, "web-01.example", "? Help")
        terminal.resize(132, 43)
        await until(lambda: window_of(program) == (43, 132), "the next size at the program")
        await asyncio.to_thread(terminal.shows, "web-01.example", "? Help")
        terminal.press("q")
        await asyncio.to_thread(terminal.shows, "exit status 0")
    await until(lambda: programs(site) == [], "the program's end")
    await until(lambda: site.door.guard.visitors == 0, "the connection's end")
    await until(lambda: sockets_of_visits(site) == [], "the end of its socket")


async def test_a_killed_client_leaves_no_process(site: Site, tmp_path: Path) -> None:
    mia = await site.user("mia", "operator")
    with in_terminal(mia, tmp_path) as terminal:
        await asyncio.to_thread(terminal.shows, "triage")
        os.kill(client_pid(mia), signal.SIGKILL)
        await until(lambda: programs(site) == [], "the program's end")


async def test_a_client_that_is_killed_in_the_middle_of_a_command_leaves_no_process(site: Site) -> None:
    mia = await site.user("mia", "operator")
    for words in ("incident list --watch", "ci list --watch --json"):
        process = await asyncio.create_subprocess_exec(*mia.command(words), stdout=subprocess.PIPE)
        await until(lambda: len(programs(site)) == 1 and list(site.hub.presence.rows()) != [], "the program at work")
        process.kill()
        await process.wait()
        await until(lambda: programs(site) == [], "the program's end")
        await until(lambda: site.door.guard.visitors == 0, "the connection's end")
        await until(lambda: list(site.hub.presence.rows()) == [], "nobody to be on")
    await until(lambda: sockets_of_visits(site) == [], "the end of their sockets")


async def test_a_client_that_never_goes_on_is_cut_off_and_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("ssh", "ssh-keygen", "tmux")
    monkeypatch.setattr(console.ssh.door, "KEEPALIVE_S", 3)
    async with site_at(tmp_path) as site:
        mia = await site.user("mia", "operator")
        with in_terminal(mia, tmp_path) as terminal:
            await asyncio.to_thread(terminal.shows, "triage")
            pid = client_pid(mia)
            os.kill(pid, signal.SIGSTOP)
            try:
                await until(lambda: programs(site) == [], "the program's end", limit_s=60)
                await until(lambda: site.door.guard.visitors == 0, "the connection's end")
            finally:
                os.kill(pid, signal.SIGCONT)


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


def window_of(pid: int) -> tuple[int, int]:
    """Rows and columns of the terminal that a process has."""
    terminal = os.open(f"/proc/{pid}/fd/0", os.O_RDWR | os.O_NOCTTY)
    try:
        return os.get_terminal_size(terminal).lines, os.get_terminal_size(terminal).columns
    finally:
        os.close(terminal)


def cpu_s(pid: int) -> float:
    """CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
