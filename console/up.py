"""`watchdeck up`: hub, local agent and console as three processes of one installation, and their supervision.

The supervisor itself loads neither the hub nor Textual. It starts what dies again, and when it ends, all end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import termios
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import click

from agent.unix_socket import connect
from cmdb.hub.blocking_client import BlockingClient
from cmdb.locations import Locations
from console.children import Child, Lifeline
from console.errors import CommandError
from console.exit_codes import Exit

STATUS_LIMIT_S = 2.0
READY_LIMIT_S = 180.0  # a scan may take 120 s, as on a machine that has much else to do
POLL_S = 0.02
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True)
class Wanted:
    """What `up` was asked for. `port` is the SSH port; None takes the configured or a free one.

    `agent` is a command to run in place of this machine's agent; it takes `--lifeline FD`.
    """

    locations: Locations
    headless: bool
    port: int | None
    keep: bool
    agent: tuple[str, ...] = ()


def up(wanted: Wanted) -> int:
    """Run until told to stop; the exit status."""
    _prepare(wanted.locations)
    return asyncio.run(Supervisor(wanted).run())


def _prepare(locations: Locations) -> None:
    """The state directory, ours alone, and nobody in it yet."""
    try:
        locations.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        locations.logs.mkdir(mode=0o700, exist_ok=True)
        locations.agent_state.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CommandError(
            Exit.USAGE, f"state directory {locations.state}", error.strerror or str(error), "name another with --state"
        ) from error
    if (status := hub_status(locations)) is not None:
        raise CommandError(
            Exit.CONFLICT,
            f"state directory {locations.state}",
            f"a hub runs there already, pid {status['pid']}",
            "look at it with `watchdeck console`, or name another with --state",
        )


def hub_status(locations: Locations) -> dict[str, Any] | None:
    """What the running hub says of itself; None when none answers."""
    try:
        with BlockingClient(connect(locations.hub_socket, STATUS_LIMIT_S)) as client:
            status = client.call("hub.status")
    except (OSError, EOFError, ValueError):
        return None
    assert isinstance(status, dict)
    return status


class Supervisor:
    """The three processes, and why they end."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._locations = wanted.locations
        self._stop = asyncio.Event()
        self._lifeline = Lifeline.open()
        self._hub = self._child("hub", self._hub_command())
        self._agent = self._child("agent", self._agent_command())
        self._keepers: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._stop.set)
        try:
            await self._start()
            return await (self._headless() if self._wanted.headless else self._with_console())
        finally:
            await self._end()

    async def _start(self) -> None:
        await self._hub.start()
        hub_died = asyncio.create_task(self._hub.died())
        answered = asyncio.create_task(self._hub_answers())
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait({hub_died, answered, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (answered, stopped):
            task.cancel()
        if hub_died.done():
            raise self._hub_refused(hub_died.result())
        hub_died.cancel()
        await asyncio.gather(answered, stopped, hub_died, return_exceptions=True)
        await self._agent.start()
        self._in_background(self._hub.keep(_say_restart))
        self._in_background(self._agent.keep(_say_restart))

    async def _hub_answers(self) -> None:
        """Return when the hub and its front door are up."""
        while not (hub_status(self._locations) or {}).get("started"):  # noqa: ASYNC110 - another process's readiness
            await asyncio.sleep(POLL_S)

    def _hub_refused(self, status: int) -> CommandError:
        """What the hub said when it could not start, in its own words and with its own status."""
        said = self._hub.last_words.removeprefix("watchdeck: ")
        if said and status in set(Exit):
            return CommandError(Exit(status), said)
        return CommandError(
            Exit.WRONG, "hub", f"ended with status {status} at its start", f"see {self._locations.logs / 'hub.log'}"
        )

    async def _headless(self) -> int:
        """Say `ready` once the first discovery is in, then last until told to stop."""
        ready = asyncio.create_task(asyncio.to_thread(self._ready_line))
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait({ready, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            click.echo(ready.result())
        await stopped
        return Exit.DONE

    def _ready_line(self) -> str:
        try:
            with BlockingClient(connect(self._locations.hub_socket)) as client:
                return ready_line(client.call("hub.ready", timeout_s=READY_LIMIT_S))
        except (OSError, EOFError) as error:
            raise CommandError(Exit.UNREACHABLE, "hub", f"went away before it was ready ({error})") from error

    async def _with_console(self) -> int:
        """The console has the terminal; its end is the end."""
        console = await asyncio.create_subprocess_exec(
            *_watchdeck("console", self._locations), pass_fds=[self._lifeline.read_fd]
        )
        ended = asyncio.create_task(console.wait())
        stopped = asyncio.create_task(self._stop.wait())
        saved = _terminal_mode()
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            with contextlib.suppress(ProcessLookupError):
                console.terminate()
            await asyncio.wait({ended}, timeout=2.0)
            if not ended.done():
                console.kill()
        status = await ended
        stopped.cancel()
        if status < 0 and not self._stop.is_set():
            _restore_terminal(saved)
            name = signal.Signals(-status).name
            raise CommandError(Exit.WRONG, "console", f"was ended by {name}", "start it again with: watchdeck up")
        return max(status, 0)

    async def _end(self) -> None:
        for task in self._keepers:
            task.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        if not self._wanted.keep:
            await self._agent.stop()
            await self._hub.stop()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        self._keepers.add(asyncio.create_task(work))

    def _child(self, name: str, command: Sequence[str]) -> Child:
        fds = [] if self._wanted.keep else [self._lifeline.read_fd]
        return Child(name, command, self._locations.logs / f"{name}.log", fds)

    def _hub_command(self) -> list[str]:
        port = [] if self._wanted.port is None else ["--port", str(self._wanted.port)]
        return [*_watchdeck("hub", self._locations), *port, *self._lifeline_option()]

    def _agent_command(self) -> list[str]:
        hub = f"unix:{self._locations.agent_socket}"
        if self._wanted.agent:
            return [*self._wanted.agent, *self._lifeline_option()]
        command = [sys.executable, "-m", "agent.main", "run", "--state", str(self._locations.agent_state), "--hub", hub]
        return [*command, *self._lifeline_option()]

    def _lifeline_option(self) -> list[str]:
        return [] if self._wanted.keep else ["--lifeline", str(self._lifeline.read_fd)]


def ready_line(status: dict[str, Any]) -> str:
    """`ready …` with what scripts ask first: counts, SSH address, state directory."""
    counts = status["counts"]
    ssh = status.get("ssh")
    fields = {
        "ci": counts["ci"],
        "relations": counts["relations"],
        "checks": sum(counts["checks"].values()),
        "incidents": counts["incidents"],
        "agents": counts["agents"],
        "ssh": f"{ssh['host']}:{ssh['port']}" if ssh else "off",
        "state": status["state_dir"],
    }
    return " ".join(["ready", *(f"{name}={value}" for name, value in fields.items())])


def _watchdeck(noun: str, locations: Locations) -> list[str]:
    return [sys.executable, "-m", "console.main", noun, "--state", str(locations.state)]


def _say_restart(name: str, status: int) -> None:
    """Only where a person can read it without a console over it."""
    if not sys.stderr.isatty():
        click.echo(f"watchdeck: {name} ended with status {status}: started again", err=True)


def _terminal_mode() -> list[Any] | None:
    try:
        return termios.tcgetattr(sys.stdin.fileno())
    except (termios.error, OSError, ValueError):
        return None


def _restore_terminal(mode: list[Any] | None) -> None:
    """What a killed console leaves behind: raw mode, alternate screen, mouse reports, hidden cursor."""
    with contextlib.suppress(termios.error, OSError):
        if mode is not None:
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, mode)
        os.write(
            sys.stdout.fileno(), b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1049l\x1b[?25h\x1b[0m"
        )
