"""One SSH connection, from its first byte to its end: who it is, and that it stays within its limits."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import asyncssh

from cmdb.hub.identities import EnrolledAgent, Person
from cmdb.ssh_key import NoKey, fingerprint, public_key
from console.ssh.guard import source_of
from console.ssh.rights import Newcomer, Visitor, named

if TYPE_CHECKING:
    from console.ssh.door import Door

ENROL_NAME = "enrol"
AGENT_PREFIX = "agent-"
MOST_KEYS_TRIED = 20
MOST_CHANNELS = 10
_log = logging.getLogger(__name__)


class Greeter(asyncssh.SSHServer):
    """asyncssh calls it. Identity is the key's, never the name that the client says."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._connection: asyncssh.SSHServerConnection | None = None
        self._source = ""
        self._counted = False
        self._tried = 0
        self._candidate: Visitor | None = None
        self._why_not = ""  # who never tried to log in was a probe or a port scan, and is not refused
        self._key: str | None = None  # that of the candidate, unless a certificate speaks for it
        self.how = ""
        self.visitor: Visitor | None = None
        self.channels = 0

    # Connection

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        peer = conn.get_extra_info("peername")
        self._source = source_of(str(peer[0])) if peer else "unknown"
        self._connection = conn
        if why := self._door.guard.let_in_stranger(self._source):
            self._door.journal.refuse(self._source, why)
            conn.abort()
            return
        self._counted = True
        self._door.greeters.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.greeters.discard(self)
        if self.visitor is not None:
            self._door.guard.let_go_visitor(named(self.visitor))
        elif self._counted:
            self._door.guard.let_go_stranger(self._source)
            if self._why_not:
                self._door.journal.refuse(self._source, self._why_not)
        self._connection = None

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
            self._door.journal.note(named(self.visitor) if self.visitor else "ssh", "cut off", why)
            self._connection.abort()

    def still_welcome(self) -> bool:
        """Whether who came in may still be in."""
        return self.visitor is None or self._door.knows(self.visitor, self._key)

    # Logging in

    def begin_auth(self, username: str) -> bool:
        self._why_not = "no key that is taken was offered"
        return True

    def password_auth_supported(self) -> bool:
        return False

    def kbdint_auth_supported(self) -> bool:
        return False

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._tried += 1
        if self._tried > MOST_KEYS_TRIED and self._connection is not None:
            self._why_not = "too many keys were tried"
            self._connection.abort()
            return False
        try:
            offered = public_key(key.export_public_key().decode())
        except NoKey as error:
            self._why_not = str(error)
            return False
        self._key = offered
        self._candidate = self._door.identities.of_key(offered)
        if self._candidate is None and username == ENROL_NAME and self._door.expects_newcomers:
            self._candidate = Newcomer(offered)
        self.how = fingerprint(offered)
        if self._candidate is None:
            self._why_not = f"{self.how} is nobody's key here"
        return self._candidate is not None

    def validate_ca_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """A certificate counts for the name that it was made for, which asyncssh holds against its principals."""
        authority = public_key(key.export_public_key().decode())
        self._key = None
        self.how = f"certificate of {fingerprint(authority)}"
        self._candidate = self._door.certified(authority, username)
        self._why_not = (
            f"{self.how} for {username!r}: expired, not yet valid or made for another name"
            if self._candidate is not None
            else f"{self.how} for {username!r}: not an authority here, or not a name that it may vouch for"
        )
        return self._candidate is not None

    def auth_completed(self) -> None:
        assert self._candidate is not None
        name = named(self._candidate)
        self._door.guard.let_go_stranger(self._source)
        self._counted = False
        if why := self._door.guard.let_in_visitor(name):
            self._door.journal.refuse(self._source, why)
            assert self._connection is not None
            self._connection.abort()
            return
        self.visitor = self._candidate
        if isinstance(self.visitor, Person):
            self._door.journal.note(name, "login", f"from {self._source} with {self.how}")
        _log.info("%s logged in from %s with %s", name, self._source, self.how)

    # Channels

    def session_requested(self) -> asyncssh.SSHServerSession[bytes] | bool:
        if self.visitor is None or self.channels >= MOST_CHANNELS:
            return False
        return self._door.channel(self)


def agent_named(username: str) -> EnrolledAgent | None:
    """The agent that a certificate's name means."""
    id_ = username.removeprefix(AGENT_PREFIX)
    return EnrolledAgent(id_) if id_ != username else None
