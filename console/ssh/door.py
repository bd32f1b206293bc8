"""The front door itself: one port and its key. Who comes in there is greeted by `console.ssh.greeter`."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import asyncssh

from checks import __version__
from cmdb.hub.hub import Hub
from cmdb.ssh_key import public_key
from console.errors import CommandError
from console.exit_codes import Exit
from console.ssh.flow import BACKLOG, Listener
from console.ssh.greeter import Greeter
from console.ssh.host_key import host_key
from console.ssh.porter import Porter

KEEPALIVE_S = 15
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


class Door(Porter):
    """Opened once."""

    @contextlib.asynccontextmanager
    async def open(self, port: int | None) -> AsyncIterator[None]:
        """Visitors are let in inside the `async with`. Raises `CommandError`, also when the port is taken."""
        self.trust_authorities()
        key = host_key(self.hub.locations)
        _clear(self.hub.locations.state / "visits")
        async with self.nursery.running():
            writing = asyncio.create_task(self.journal.run(), name="ssh journal")
            listener = await self._listen(port, key)
            self.hub.ssh = (self.hub.config.ssh.listen or "*", listener.get_port())
            self.hub.host_key = public_key(key.export_public_key().decode())
            self.identities.changed = self.look_who_is_in
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
                await self.end_work()
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)

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
            tunnel=Listener(_bound(config.listen, port)),
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


def _clear(visits: Path) -> None:
    """Sockets of visits that ended with the hub before."""
    for left in visits.glob("*.sock"):
        left.unlink(missing_ok=True)
