"""A hub on another machine, reached with the system's own ssh. The key and the hub's key are files of the agent.

Where there is no `ssh`, `agent.own_ssh` is started in its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from agent.key_pair import OWN_SSH, on_path
from agent.link import Reader, Writer
from agent.state_dir import StateDir

DEFAULT_PORT = 2222
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:%-]{0,253}")
_LONGEST_COMPLAINT_BYTES = 4096
_ENDING_S = 2.0


class HubHost(msgspec.Struct, frozen=True):
    """Where a hub's front door is."""

    host: str
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ssh://{host}:{self.port}"

    @property
    def known_as(self) -> str:
        """The name in a `known_hosts` file."""
        return f"[{self.host}]:{self.port}"


def parse_hub_host(text: str) -> HubHost:
    """`ssh://HOST[:PORT]`, an IPv6 address in brackets. Raises `ValueError`."""
    rest = text[len("ssh://") :] if text.startswith("ssh://") else ""
    match = re.fullmatch(r"(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:/@\[\]]+))(?::(?P<port>\d{1,5}))?/?", rest)
    host = (match["six"] or match["host"]) if match else ""
    port = int(match["port"] or DEFAULT_PORT) if match else 0
    if not _HOST.fullmatch(host) or not 0 < port < 65536:
        raise ValueError(f"{text!r} is no hub address: write ssh://HOST:PORT")
    return HubHost(host, port)


class SshAddress(msgspec.Struct, frozen=True):
    """A hub, and the files in this agent's directory that let it in."""

    hub: HubHost
    state: Path
    user: str = ""  # empty: by its id, for which a certificate of the site's SSH CA may vouch
    subsystem: str = "agent"
    deflates = True

    def __str__(self) -> str:
        return str(self.hub)

    @property
    def login(self) -> str:
        """The name that it comes by; who it is, its key alone says."""
        return self.user or f"agent-{StateDir(self.state).agent_id()}"

    def command(self) -> list[str]:
        """The command line that is a stream to the hub."""
        return self._ssh() if on_path("ssh") else self._own_ssh()

    def _own_ssh(self) -> list[str]:
        place = ["--host", self.hub.host, "--port", str(self.hub.port), "--user", self.login]
        return [*OWN_SSH, "connect", *place, "--subsystem", self.subsystem, "--state", str(self.state)]

    def _ssh(self) -> list[str]:
        """Nobody's configuration, nobody's other keys, only the known hub."""
        settings = (
            f"IdentityFile={_quoted(self.state / 'id_ed25519')}",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            f"UserKnownHostsFile={_quoted(self.state / 'known_hosts')}",
            "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=yes",
            "PreferredAuthentications=publickey",
            "BatchMode=yes",
            "Compression=no",  # reports come packed
            "ControlPath=none",
            "ForwardAgent=no",
            "ConnectTimeout=15",
            "ServerAliveInterval=10",
            "ServerAliveCountMax=3",
            "LogLevel=ERROR",
        )
        flags = [part for setting in settings for part in ("-o", setting)]
        place = ["-p", str(self.hub.port), "-l", self.login]
        return ["ssh", "-F", "/dev/null", "-T", "-x", "-a", *flags, *place, "-s", "--", self.hub.host, self.subsystem]

    @contextlib.asynccontextmanager
    async def dial(self) -> AsyncIterator[tuple[Reader, Writer]]:
        """A stream to it, ended with its `ssh` when the `async with` ends. Raises `OSError`, saying what ssh said."""
        process = await asyncio.create_subprocess_exec(
            *self.command(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        complaint = asyncio.ensure_future(_last_line(process.stderr))
        reader = _SshReader(process.stdout, complaint)
        try:
            yield reader, process.stdin
        except (BrokenPipeError, ConnectionResetError) as error:
            if reader.heard:
                raise
            # It was gone before our first words were written: what it said tells more than a broken pipe.
            await asyncio.wait([complaint], timeout=_ENDING_S)
            raise ConnectionError((complaint.done() and complaint.result()) or str(error)) from None
        finally:
            process.stdin.close()
            await _end(process)
            complaint.cancel()
            await asyncio.gather(complaint, return_exceptions=True)


class _SshReader:
    """Its stdout; an end before anything came is the failure that its stderr tells."""

    def __init__(self, stdout: asyncio.StreamReader, complaint: asyncio.Future[str]) -> None:
        self._stdout, self._complaint = stdout, complaint
        self.heard = False

    async def read(self, n: int = -1, /) -> bytes:
        data = await self._stdout.read(n)
        if not data and not self.heard:
            raise ConnectionError(await self._complaint or "ssh ended without a word")
        self.heard = True
        return data


async def _last_line(stderr: asyncio.StreamReader) -> str:
    """The last thing that ssh says, whatever amount it says."""
    tail = b""
    while data := await stderr.read(_LONGEST_COMPLAINT_BYTES):
        tail = (tail + data)[-_LONGEST_COMPLAINT_BYTES:]
    lines = tail.decode(errors="replace").strip().splitlines()
    return "".join(c for c in lines[-1] if c.isprintable()) if lines else ""


async def _end(process: asyncio.subprocess.Process) -> None:
    """Its input has ended, which ends it; else a signal does. Not `terminate`: that steals its exit status."""
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if number is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, number)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), _ENDING_S)
            return


def _quoted(path: Path) -> str:
    """A path as ssh's options take it: spaces kept, its own % tokens off."""
    return '"' + str(path).replace("%", "%%") + '"'
