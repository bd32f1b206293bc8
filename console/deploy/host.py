"""One host over its own sshd: reached as the user's ssh would, asked by one shell script. Not what is done there."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import asyncssh

CONNECT_LIMIT_S = 20.0
STEP_LIMIT_S = 120.0
MOST_JUMPS = 8
SCRIPT = files("agent.deploy").joinpath("host.sh").read_bytes()


class HostFailed(Exception):
    """It could not be reached, or a step failed there; the text is one line of why."""


@dataclass(frozen=True)
class Way:
    """How hosts are reached: the ssh configuration, and whether a host's key is taken the first time it is seen."""

    config: tuple[Path, ...]
    known_hosts: Path
    accept_new: bool = False
    learning: asyncio.Lock = field(default_factory=asyncio.Lock)  # two first keys of one host would contradict


@dataclass(frozen=True)
class Target:
    """A host as the admin wrote it: `[USER@]NAME[:PORT]`, NAME being the ssh configuration's if it has it."""

    name: str
    user: str = ""
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Target:
        """Raises `ValueError`."""
        user, _, rest = text.rpartition("@")
        name, _, port = rest.partition(":")
        if not name or name.startswith("-") or (port and not port.isdecimal()):
            raise ValueError(f"{text!r} is no host: write NAME, USER@NAME or USER@NAME:PORT")
        return cls(name, user, int(port or 0))

    def __str__(self) -> str:
        return self.name


class Host:
    """A connection, and the script's verbs on it. With `become` they run as root by sudo."""

    def __init__(self, connection: asyncssh.SSHClientConnection) -> None:
        self._connection = connection

    async def probe(self, *, become: bool) -> str:
        """What the host says of itself. Raises `HostFailed`."""
        return (await self._run(f"sh -s -- probe {'become' if become else ''}", SCRIPT)).decode(errors="replace")

    async def put(self, root: str, name: str, content: bytes, *, become: bool) -> None:
        """A file in the installation's folder, made if need be. Raises `HostFailed`."""
        path = shlex.quote(f"{root}/{name}")
        await self._run(_as_root(f"umask 022; mkdir -p {shlex.quote(root)} && cat >{path}", become), content)

    async def step(
        self, root: str, verb: str, *words: str, stdin: bytes = b"", become: bool, limit_s: float = STEP_LIMIT_S
    ) -> str:
        """A verb of the script that lies in the installation's folder. Raises `HostFailed`."""
        place = shlex.quote(root)
        command = f"ROOT={place} sh {place}/host.sh {shlex.join([verb, *words])}"
        return (await self._run(_as_root(command, become), stdin, limit_s)).decode(errors="replace").strip()

    async def _run(self, command: str, stdin: bytes, limit_s: float = STEP_LIMIT_S) -> bytes:
        try:
            done = await self._connection.run(command, input=stdin, encoding=None, timeout=limit_s)
        except asyncssh.TimeoutError:
            raise HostFailed(f"a step took longer than {limit_s:g} s") from None
        except (OSError, asyncssh.Error) as error:
            raise HostFailed(f"the connection broke: {error}") from error
        assert isinstance(done.stdout, bytes)
        assert isinstance(done.stderr, bytes)
        if done.exit_status != 0:
            said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.exit_status}"]
            raise HostFailed("".join(c for c in said[-1] if c.isprintable())[:300])
        return done.stdout


@contextlib.asynccontextmanager
async def reached(target: Target, way: Way) -> AsyncIterator[Host]:
    """The host, for as long as the `async with` lasts. Raises `HostFailed`."""
    way.known_hosts.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    way.known_hosts.touch(mode=0o600)
    async with contextlib.AsyncExitStack() as connections:
        try:
            connection = await _connected(target, way, connections)
        except asyncssh.HostKeyNotVerifiable as error:
            why = f"its host key is not the known one ({error.reason}); --accept-new takes a first one"
            raise HostFailed(why) from error
        except asyncssh.PermissionDenied as error:
            raise HostFailed(f"login was refused: {error.reason}") from error
        except (OSError, asyncssh.Error, ValueError) as error:
            raise HostFailed(str(error) or type(error).__name__) from error
        yield Host(connection)


async def _connected(
    target: Target, way: Way, connections: contextlib.AsyncExitStack, jumps_left: int = MOST_JUMPS
) -> asyncssh.SSHClientConnection:
    """A connection, by way of the hosts that the configuration names as ProxyJump, each verified like any other."""
    config = [str(path) for path in way.config]
    named = asyncssh.SSHClientConnectionOptions(host=target.name, config=config).tunnel
    tunnel: asyncssh.SSHClientConnection | None = None
    for jump in named.split(",") if isinstance(named, str) and named != "none" else ():
        if not jumps_left:
            raise OSError(f"more than {MOST_JUMPS} jumps lead to it")
        tunnel = await _connected(Target.parse(jump), way, connections, jumps_left - 1)
    async with way.learning if way.accept_new else contextlib.nullcontext():
        connection = await _opened(target, way, tunnel, config)
    return await connections.enter_async_context(connection)


async def _opened(
    target: Target, way: Way, tunnel: asyncssh.SSHClientConnection | None, config: list[str]
) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        target.name,
        target.port or (),
        tunnel=tunnel,
        username=target.user or (),
        config=config,
        known_hosts=str(way.known_hosts),
        client_factory=lambda: _Learner(way.known_hosts) if way.accept_new else asyncssh.SSHClient(),
        connect_timeout=CONNECT_LIMIT_S,
        login_timeout=CONNECT_LIMIT_S,
        keepalive_interval=10,
    )


class _Learner(asyncssh.SSHClient):
    """Takes the key of a host that is not known yet; a known host's key is never replaced."""

    def __init__(self, known_hosts: Path) -> None:
        self._known_hosts = known_hosts

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        known, *_ = asyncssh.match_known_hosts(str(self._known_hosts), host, addr, port)
        if known:
            return False
        listed = host if port == 22 else f"[{host}]:{port}"
        with self._known_hosts.open("a") as file:
            file.write(f"{listed} {key.export_public_key().decode().strip()}\n")
        return True


def _as_root(command: str, become: bool) -> str:
    return f"sudo -n sh -c {shlex.quote(command)}" if become else command


def read_inventory(lines: Sequence[str]) -> list[Target]:
    """A host a line; `#` begins a comment, `[groups]` are passed over. Raises `ValueError`, naming the line."""
    targets: list[Target] = []
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if text and not text.startswith("["):
            try:
                targets.append(Target.parse(text.split()[0]))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
    return targets
