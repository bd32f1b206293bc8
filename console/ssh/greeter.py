"""One SSH connection, from its first byte to its end: who it is, and that it stays within its limits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import asyncssh

from cmdb.hub.identities import Person
from cmdb.ssh_key import NoKey, fingerprint, public_key
from console.ssh.channel import Channel
from console.ssh.flow import HOLD
from console.ssh.guard import source_of
from console.ssh.porter import Porter
from console.ssh.rights import Newcomer, Visitor, named

ENROL_NAME = "enrol"
MOST_KEYS_TRIED = 20
MOST_CHANNELS = 10
NEWCOMER_LIMIT_S = 30.0
_log = logging.getLogger(__name__)


class Greeter(asyncssh.SSHServer):
    """asyncssh calls it. Identity is the key's, never the name that the client says."""

    def __init__(self, porter: Porter) -> None:
        self._porter = porter
        self._connection: asyncssh.SSHServerConnection | None = None
        self._source = ""
        self._counted = False
        self._tried = 0
        self._candidate: Visitor | None = None
        self._why_not = ""  # who never tried to log in was a probe or a port scan, and is not refused
        self._key: str | None = None  # that of the candidate, unless a certificate speaks for it
        self.how = ""
        self.visitor: Visitor | None = None
        self.channels: set[Channel] = set()

    # Connection

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        peer = conn.get_extra_info("peername")
        self._source = source_of(str(peer[0])) if peer else "unknown"
        self._connection = conn
        conn.set_extra_info(**{HOLD: self._hold})
        conn.reload_config = _nothing_to_reload  # type: ignore[method-assign]
        if why := self._porter.guard.let_in_stranger(self._source):
            self._porter.journal.refuse(self._source, why)
            conn.abort()
            return
        self._counted = True
        self._porter.greeters.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._porter.greeters.discard(self)
        if self.visitor is not None:
            self._porter.guard.let_go_visitor(self._place_of(self.visitor))
        elif self._counted:
            self._porter.guard.let_go_stranger(self._source)
            if self._why_not:
                self._porter.journal.refuse(self._source, self._why_not)
        self._connection = None

    def _hold(self, full: bool) -> None:
        """The client takes nothing now, or does again: that goes for every channel."""
        for channel in self.channels:
            channel.hold("connection", full=full)

    @property
    def peer(self) -> str:
        """Where it comes from, for people."""
        return self._source

    @property
    def key(self) -> str:
        """The key by which it came; empty when a certificate spoke for it."""
        return self._key or ""

    def cut_off(self, why: str) -> None:
        """End it at once."""
        if self._connection is not None:
            self._porter.journal.note(named(self.visitor) if self.visitor else "ssh", "cut off", why)
            self._connection.abort()

    def still_welcome(self) -> bool:
        """Whether who came in may still be in."""
        return self.visitor is None or self._porter.knows(self.visitor, self._key)

    # Logging in

    def begin_auth(self, username: str) -> bool:
        self._why_not = "no key that is taken was offered"
        assert self._connection is not None
        self._connection.set_authorized_keys(_Certificates(self, username))
        return True

    def password_auth_supported(self) -> bool:
        return False

    def kbdint_auth_supported(self) -> bool:
        return False

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        if not self._may_try():
            return False
        try:
            offered = public_key(key.export_public_key().decode())
        except NoKey as error:
            self._why_not = str(error)
            return False
        self._key = offered
        self._candidate = self._porter.identities.of_key(offered)
        if self._candidate is None and username == ENROL_NAME and self._porter.expects_newcomers:
            self._candidate = Newcomer(offered)
        self.how = fingerprint(offered)
        if self._candidate is None:
            self._why_not = f"{self.how} is nobody's key here"
        return self._candidate is not None

    def _may_try(self) -> bool:
        """Whether one more key or certificate is looked at; else it is the end."""
        self._tried += 1
        if self._tried > MOST_KEYS_TRIED and self._connection is not None:
            self._why_not = "too many keys were tried"
            self._connection.abort()
        return self._tried <= MOST_KEYS_TRIED

    def validate_ca_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """asyncssh asks when `certified` has said no."""
        return False

    def certified(self, username: str, authority: asyncssh.SSHKey, names: Sequence[str]) -> bool:
        """Whether a certificate for these names lets this one in; that it is valid now, asyncssh looks at."""
        self._key = None
        if not self._may_try():
            return False
        try:
            known = public_key(authority.export_public_key().decode())
        except NoKey as error:
            self._why_not = f"certificate: {error}"
            return False
        self.how = f"certificate of {fingerprint(known)}"
        self._candidate = self._porter.certified(known, username) if username in names else None
        if username not in names:  # one for no name would be one for every name
            why = "made for another name"
        elif self._candidate is None:
            why = "not an authority here, or not a name that it may vouch for"
        else:
            why = "expired, not yet valid, or not for where it comes from"
        self._why_not = f"{self.how} for {username!r}: {why}"
        return self._candidate is not None

    def auth_completed(self) -> None:
        assert self._candidate is not None
        name = named(self._candidate)
        self._porter.guard.let_go_stranger(self._source)
        self._counted = False
        if why := self._porter.guard.let_in_visitor(self._place_of(self._candidate)):
            self._porter.journal.refuse(self._source, why)
            assert self._connection is not None
            self._connection.abort()
            return
        self.visitor = self._candidate
        if isinstance(self.visitor, Person):
            self._porter.journal.note(name, "login", f"from {self._source} with {self.how}")
        if isinstance(self.visitor, Newcomer):  # who may be anybody: a token is one message
            asyncio.get_running_loop().call_later(NEWCOMER_LIMIT_S, self.cut_off, "a newcomer that stays")
        _log.info("%s logged in from %s with %s", name, self._source, self.how)

    def _place_of(self, visitor: Visitor) -> str:
        """Whose connections it counts among. Anybody can be a newcomer: those of one source take no other's place."""
        return f"newcomer from {self._source}" if isinstance(visitor, Newcomer) else named(visitor)

    # Channels

    def session_requested(self) -> asyncssh.SSHServerSession[bytes] | bool:
        if self.visitor is None:
            return False
        if len(self.channels) >= MOST_CHANNELS:
            return self._refuse(f"{MOST_CHANNELS} channels are open")
        return Channel(self._porter, self)

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return self._refuse("asked for forwarding")

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        return self._refuse("asked for forwarding")

    def unix_connection_requested(self, dest_path: str) -> bool:
        return self._refuse("asked for forwarding")

    def unix_server_requested(self, listen_path: str) -> bool:
        return self._refuse("asked for forwarding")

    def tun_requested(self, unit: int | None) -> bool:
        return self._refuse("asked for a tunnel")

    def tap_requested(self, unit: int | None) -> bool:
        return self._refuse("asked for a tunnel")

    def _refuse(self, why: str) -> bool:
        self._porter.journal.refuse(self._source, f"{named(self.visitor) if self.visitor else 'nobody'}: {why}")
        return False


class _Certificates(asyncssh.SSHAuthorizedKeys):
    """As asyncssh asks about a certificate, with its names: of its own it takes one without names for anybody's."""

    def __init__(self, greeter: Greeter, username: str) -> None:
        super().__init__()
        self._greeter, self._username = greeter, username

    def validate(
        self,
        key: asyncssh.SSHKey,
        client_host: str,
        client_addr: str,
        cert_principals: Sequence[str] | None = None,
        ca: bool = False,
    ) -> dict[str, object] | None:
        """Options where it may be taken: there are none. Keys that are no certificates are the greeter's."""
        return {} if ca and self._greeter.certified(self._username, key, cert_principals or ()) else None


async def _nothing_to_reload() -> None:
    """In place of what asyncssh does at each login, in a thread: read its configuration for this name. It has none."""
