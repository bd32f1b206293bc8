"""The front door beside OpenSSH's sshd: handshakes, memory a connection, a whole command, the first frame."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import select
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncssh
import pyte

from tests.bench.figure import Figure
from tests.support.ssh import Client, keygen
from tests.waiting import wait_for

HANDSHAKES, CONNECTIONS, COMMANDS, FRAMES = 100, 500, 15, 5
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def run() -> list[Figure]:
    with (
        tempfile.TemporaryDirectory() as folder,
        hub_with_door(Path(folder)) as (hub_pid, client, cli),
        _sshd(Path(folder), client) as (sshd_pid, beside),
        _asyncssh_alone(client) as (alone_pid, alone),
    ):
        return [
            *_handshakes(client, hub_pid, beside, sshd_pid, alone, alone_pid),
            _connections(client, hub_pid),
            _commands(client, beside, cli),
            _first_frame(client),
        ]


def _handshakes(
    client: Client, hub_pid: int, beside: Client, sshd_pid: int, alone: Client, alone_pid: int
) -> list[Figure]:
    """CPU of a key exchange and login; the subsystem that is asked for does not exist, which ends the client."""

    def cost_ms(of: Client, pid: int) -> float:
        _quietly(of.command("nothing", options=("-s",), user="root"))
        began, cpu = time.monotonic(), cpu_s(pid)
        time.sleep(1)
        idle_share = (cpu_s(pid) - cpu) / (time.monotonic() - began)
        began, cpu = time.monotonic(), cpu_s(pid)
        for _ in range(HANDSHAKES):
            _quietly(of.command("nothing", options=("-s",), user="root"))
        used = cpu_s(pid) - cpu - idle_share * (time.monotonic() - began)
        return 1000 * used / HANDSHAKES

    ours, theirs, least = cost_ms(client, hub_pid), cost_ms(beside, sshd_pid), cost_ms(alone, alone_pid)
    return [
        Figure("ssh: CPU of a handshake", ours, "ms", 2, "OpenSSH sshd", theirs, 8),
        Figure("ssh: the same, beside the least", ours, "ms", None, "asyncssh that lets anybody in", least),
    ]


def _connections(client: Client, hub_pid: int) -> Figure:
    async def measure() -> float:
        async with contextlib.AsyncExitStack() as stack:
            before = 0
            for n in range(100 + CONNECTIONS):
                if n == 100:
                    before = _rss_bytes(hub_pid)
                connection = asyncssh.connect(
                    "127.0.0.1", client.port, client_keys=[str(client.key)], known_hosts=None, config=[]
                )
                await stack.enter_async_context(connection)
            return (_rss_bytes(hub_pid) - before) / CONNECTIONS / 1024

    return Figure("ssh: memory a connection", asyncio.run(measure()), "KiB", 32)


def _commands(client: Client, beside: Client, cli: Callable[..., None]) -> Figure:
    for n in range(COMMANDS):
        cli("incident", "open", "--title", f"bench {n}")

    def wall_ms(command: list[str]) -> float:
        began = time.monotonic()
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
        return 1000 * (time.monotonic() - began)

    true = statistics.median(wall_ms(beside.command("true", user="root")) for _ in range(COMMANDS))
    ours = statistics.median(wall_ms(client.command("incident", "ack", str(n + 1))) for n in range(COMMANDS))
    return Figure("ssh: incident ack N, whole command", ours, "ms", 1.3 * true, "ssh true (OpenSSH)", true)


def _first_frame(client: Client) -> Figure:
    def wall_ms() -> float:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        began = time.monotonic()
        process = subprocess.Popen(client.command(options=("-tt",)), stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        screen = pyte.Screen(80, 24)
        shown = pyte.ByteStream(screen)
        while "Filter" not in "".join(screen.display) and select.select([master], [], [], 20)[0]:
            shown.feed(os.read(master, 65536))
        took = 1000 * (time.monotonic() - began)
        process.kill()
        process.wait()
        os.close(master)
        return took

    wall_ms()  # the first visitor may wait for the console to be loaded
    return Figure("ssh: first frame of the console", statistics.median(wall_ms() for _ in range(FRAMES)), "ms", 750)


@contextlib.contextmanager
def hub_with_door(folder: Path) -> Iterator[tuple[int, Client, Callable[..., None]]]:
    state = folder / "state"
    state.mkdir()
    (state / "watchdeck.toml").write_text(
        "[ssh]\nconnections_per_person = 1000\nstrangers_per_source = 1000\nstrangers = 1000\n"
    )
    program = [sys.executable, "-m", "console.main"]

    def cli(*words: str) -> None:
        subprocess.run([*program, "--state", str(state), *words], check=True, capture_output=True)

    port = _free_port()
    with (folder / "log").open("wb") as log:
        hub = subprocess.Popen([*program, "hub", "--state", str(state), "--port", str(port)], stderr=log)
    try:
        wait_for("the hub", lambda: _listens(port))
        key = (state / "keys" / "host_ed25519.pub").read_text().strip()
        client = Client(folder / "client", port, key)
        cli("user", "add", "bench", "--role", "admin", "--key", f"{client.key}.pub")
        yield hub.pid, client, cli
    finally:
        hub.terminate()
        hub.wait()


@contextlib.contextmanager
def _sshd(folder: Path, client: Client) -> Iterator[tuple[int, Client]]:
    """OpenSSH's own, on loopback, for the same key."""
    place = folder / "sshd"
    place.mkdir()
    keygen("-t", "ed25519", "-N", "", "-f", str(place / "host"))
    (place / "authorized").write_text(client.public)
    port = _free_port()
    Path("/run/sshd").mkdir(exist_ok=True)
    settings = (
        f"ListenAddress=127.0.0.1:{port}", f"HostKey={place / 'host'}", f"AuthorizedKeysFile={place / 'authorized'}",
        f"PidFile={place / 'pid'}", "UsePAM=no", "StrictModes=no", "PermitRootLogin=yes", "UseDNS=no",
        "SetEnv=SHLVL=5",  # or bash reads the user's start-up files at every command
    )  # fmt: skip
    flags = [part for setting in settings for part in ("-o", setting)]
    sshd = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", "/dev/null", *flags], stderr=subprocess.DEVNULL)
    try:
        wait_for("sshd", lambda: _listens(port))
        beside = Client(folder / "client", client.port, "")
        beside.port = port
        known = folder / "client" / "known_hosts"
        hub_key = (folder / "state" / "keys" / "host_ed25519.pub").read_text()
        host_key = (place / "host.pub").read_text()
        known.write_text(f"[127.0.0.1]:{client.port} {hub_key}[127.0.0.1]:{port} {host_key}")
        yield sshd.pid, beside
    finally:
        sshd.terminate()
        sshd.wait()


_ALONE = """
import asyncssh, sys, uvloop
from console.ssh.door import CIPHERS, KEX, MACS

class Anybody(asyncssh.SSHServer):
    def public_key_auth_supported(self): return True
    def validate_public_key(self, username, key): return True

async def main():
    listener = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=Anybody, server_host_keys=[sys.argv[1]], kex_algs=KEX, encryption_algs=CIPHERS,
        mac_algs=MACS, compression_algs=["none"], gss_host=None, config=[],
    )
    print(listener.get_port(), flush=True)
    await listener.wait_closed()

uvloop.run(main())
"""


@contextlib.contextmanager
def _asyncssh_alone(client: Client) -> Iterator[tuple[int, Client]]:
    """A server that has nothing but asyncssh, with the algorithms of ours: what no door of ours can be below."""
    with subprocess.Popen([sys.executable, "-c", _ALONE, str(client.key)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        alone = Client(client.folder.parent / "alone", int(server.stdout.readline()), client.public)
        yield server.pid, alone
        server.kill()


def _quietly(command: list[str]) -> None:
    subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)


def cpu_s(pid: int) -> float:
    """CPU of a process and of its ended children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) * TICK_S


def _rss_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
