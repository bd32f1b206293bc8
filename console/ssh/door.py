"""The front door itself: one port, its key, its visitors, and what it needs to let them in."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import asyncssh

from checks import __version__
from cmdb.hub.agents import Agents
from cmdb.hub.hub import Hub
from cmdb.hub.identities import EnrolledAgent, Person
from cmdb.ssh_key import public_key
from console.errors import CommandError
from console.exit_codes import Exit
from console.ssh.channel import Channel
from console.ssh.greeter import Greeter, agent_named
from console.ssh.guard import Guard
from console.ssh.host_key import host_key
from console.ssh.journal import Journal
from console.ssh.nursery_link import NurseryLink
from console.ssh.rights import Newcomer, Visitor

KEEPALIVE_S = 15
BACKLOG = 1024
KEX = ("mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org")
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")  # chacha20 would leave old clients to Terrapin
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com")
_log = logging.getLogger(__name__)
logging.getLogger("asyncssh").setLevel(logging.WARNING)  # every channel is a line otherwise; the audit has what matters


def front_door(port: int | None) -> Callable[[Hub], AbstractAsyncContextManager[None]]:
    """The door as a part of the hub. `port` None: the configured one, or a free one when that is taken."""

    @contextlib.asynccontextmanager
    async def part(hub: Hub) -> AsyncIterator[None]:
        async with Door(hub).open(port):
            yield

    return part


class Door:
    """What connections and channels share."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.identities = hub.identities
        self.guard = Guard(hub.config.ssh)
        self.journal = Journal(hub.ledger)
        self.nursery = NurseryLink()
        self.greeters: set[Greeter] = set()
        self._work: set[asyncio.Task[Any]] = set()
        self._user_authorities: frozenset[str] = frozenset()
        self._agent_authorities: frozenset[str] = frozenset()

    @contextlib.asynccontextmanager
    async def open(self, port: int | None) -> AsyncIterator[None]:
        """Visitors are let in inside the `async with`. Raises `CommandError`, also when the port is taken."""
        config = self.hub.config.ssh
        self._user_authorities = _authorities(config.user_ca)
        self._agent_authorities = _authorities(config.agent_ca)
        key = host_key(self.hub.locations)
        _clear(self.hub.locations.state / "visits")
        async with self.nursery.running():
            writing = asyncio.create_task(self.journal.run(), name="ssh journal")
            listener = await self._listen(port, key)
            self.hub.ssh = (config.listen or "*", listener.get_port())
            self.hub.host_key = public_key(key.export_public_key().decode())
            self.identities.changed = self._look_who_is_in
            self.hub.refused = self.journal.refuse
            _log.info("ssh: port %d, host key %s", listener.get_port(), key.get_fingerprint())
            try:
                yield
            finally:
                self.hub.ssh = None
                self.identities.changed = lambda: None
                self.hub.refused = lambda who, why: None
                listener.close()
                for greeter in list(self.greeters):
                    greeter.cut_off("the hub stops")
                await listener.wait_closed()
                await self._end(writing)

    async def _end(self, writing: asyncio.Task[None]) -> None:
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run this for as long as the door is open."""
        task = asyncio.create_task(work, name=name)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def channel(self, greeter: Greeter) -> Channel:
        """A channel for this connection."""
        return Channel(self, greeter)

    @property
    def expects_newcomers(self) -> bool:
        """Whether an agent that nobody knows may come to enrol."""
        return self.identities.expects_newcomers(self.hub.clock.now())

    @property
    def agents(self) -> Agents:
        """The hub's end of the agents."""
        return self.hub.agents

    # Who may be in

    def certified(self, authority: str, username: str) -> Visitor | None:
        """Who a certificate of this authority for this name lets in."""
        if authority in self._user_authorities:
            return self.identities.person(username)
        if authority in self._agent_authorities:
            return agent_named(username)
        return None

    def knows(self, visitor: Visitor, key: str | None) -> bool:
        """Whether this visitor may still be in, by this key (None: by certificate)."""
        match visitor:
            case Person(name=name):
                return self.identities.person(name) == visitor and (
                    key is None or self.identities.of_key(key) == visitor
                )
            case EnrolledAgent():
                return key is None or self.identities.of_key(key) == visitor
            case Newcomer():
                return True

    def _look_who_is_in(self) -> None:
        """Keys or roles have changed: whom that concerns is cut off at once, and may come in anew."""
        for greeter in list(self.greeters):
            if not greeter.still_welcome():
                greeter.cut_off("the key or role was changed or removed")

    async def _listen(self, port: int | None, key: asyncssh.SSHKey) -> asyncssh.SSHAcceptor:
        config = self.hub.config.ssh
        try:
            return await self._listen_at(config.port if port is None else port, key)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CommandError(
                    Exit.WRONG,
                    f"SSH port {port or config.port}",
                    error.strerror or str(error),
                    "choose another with --port",
                ) from error
            if port is not None:
                raise CommandError(
                    Exit.CONFLICT, f"SSH port {port}", "another program listens there", "choose another with --port"
                ) from error
        _log.warning("port %d is taken; ssh takes a free one", config.port)
        return await self._listen_at(0, key)

    async def _listen_at(self, port: int, key: asyncssh.SSHKey) -> asyncssh.SSHAcceptor:
        config = self.hub.config.ssh
        return await asyncssh.listen(
            sock=_bound(config.listen, port),
            server_factory=lambda: Greeter(self),
            server_host_keys=[key],
            server_version=f"Watchdeck_{__version__}",
            encoding=None,
            line_editor=False,
            kex_algs=KEX,
            encryption_algs=CIPHERS,
            mac_algs=MACS,
            compression_algs=["none"],
            gss_host=None,
            agent_forwarding=False,
            x11_forwarding=False,
            allow_scp=False,
            login_timeout=config.login_timeout_s,
            keepalive_interval=KEEPALIVE_S,
            keepalive_count_max=3,
            config=[],
        )


def _bound(listen: str, port: int) -> socket.socket:
    """A listening socket at this address; without one, at every address of both families. Raises `OSError`."""
    if not listen and socket.has_dualstack_ipv6():
        return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG)
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    return socket.create_server((listen, port), family=family, backlog=BACKLOG)


def _authorities(files: tuple[str, ...]) -> frozenset[str]:
    """The public keys in these files. Raises `CommandError`."""
    try:
        return frozenset(public_key(Path(name).read_text()) for name in files)
    except (OSError, ValueError) as error:
        raise CommandError(Exit.USAGE, "SSH authority", str(error), "see [ssh] in watchdeck.toml") from error


def _clear(visits: Path) -> None:
    """Sockets of visits that ended with the hub before."""
    for left in visits.glob("*.sock"):
        left.unlink(missing_ok=True)
