"""A real OpenSSH client, with keys of its own, at a hub's front door."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from cmdb.config import Config
from cmdb.hub.hub import Hub
from cmdb.store.protocol import Store
from console.ssh.door import Door
from tests.support.hub import client_of, hub_at

LIMIT_S = 30.0


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


class Client:
    """One person's or agent's key, and `ssh` with it. Knows the hub's host key and checks it."""

    def __init__(self, folder: Path, port: int, host_key: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.port = folder, port
        self.key = folder / "key"
        if not self.key.exists():
            keygen("-t", "ed25519", "-N", "", "-C", "", "-f", str(self.key))
        self.public = self.key.with_suffix(".pub").read_text()
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")

    def command(self, *words: str, user: str = "anyone", options: tuple[str, ...] = ()) -> list[str]:
        """The whole `ssh` command line."""
        settings = (
            f"IdentityFile={self.key}",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            f"UserKnownHostsFile={self.folder / 'known_hosts'}",
            "LogLevel=ERROR",
            "ConnectTimeout=10",
        )
        flags = [part for setting in settings for part in ("-o", setting)]
        return ["ssh", "-F", "none", *flags, *options, "-p", str(self.port), f"{user}@127.0.0.1", *words]

    async def run(self, *words: str, user: str = "anyone", options: tuple[str, ...] = (), stdin: bytes = b"") -> Said:
        """Run it to its end."""
        process = await asyncio.create_subprocess_exec(
            *self.command(*words, user=user, options=options),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(stdin), LIMIT_S)
        except TimeoutError:
            process.kill()
            raise AssertionError(f"{words} did not end within {LIMIT_S:g} s") from None
        assert process.returncode is not None
        return Said(process.returncode, out.decode(), err.decode())


@dataclass
class Site:
    """A hub with its door open."""

    hub: Hub
    door: Door
    folder: Path

    @property
    def port(self) -> int:
        assert self.hub.ssh is not None
        return self.hub.ssh[1]

    @property
    def host_key(self) -> str:
        return (self.hub.locations.keys / "host_ed25519.pub").read_text().strip()

    def client(self, name: str) -> Client:
        """A client with a key that the hub does not know yet."""
        return Client(self.folder / f"client-{name}", self.port, self.host_key)

    async def user(self, name: str, role: str) -> Client:
        """A user of this role, and their client."""
        client = self.client(name)
        async with await client_of(self.hub) as admin:
            await admin.call("user.add", name=name, role=role, key=client.public)
        while self.hub.identities.person(name) is None:
            await asyncio.sleep(0.005)
        return client

    async def audit(self) -> list[tuple[str, str, str]]:
        """Actor, reason and summary of every row."""
        return [(row.actor, row.reason, row.summary) for row in await self.hub.store.audit()]


@contextlib.asynccontextmanager
async def site_at(folder: Path, *, config: Config | None = None, store: Store | None = None) -> AsyncIterator[Site]:
    """A hub with its door open on a free port."""
    state = folder / "state"
    state.mkdir(exist_ok=True)
    async with hub_at(state, config=config, store=store) as hub:
        door = Door(hub)
        async with door.open(0):
            yield Site(hub, door, folder)


def keygen(*arguments: str) -> None:
    subprocess.run(["ssh-keygen", "-q", *arguments], check=True, stdin=subprocess.DEVNULL, timeout=30)
