"""One channel of a connection: what it was asked to be, whether it may, and who then has its bytes."""

from __future__ import annotations

import logging
import re
import shlex
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import asyncssh

from cmdb.hub.identities import EnrolledAgent, Person
from cmdb.hub.live_agent import Origin
from console.exit_codes import Exit
from console.ssh.newcomer import take_in
from console.ssh.porter import Porter
from console.ssh.rights import SUBSYSTEMS, Asked, Newcomer, Visitor, allowed, named
from console.ssh.session import Asked as Wish
from console.ssh.session import PersonSession, Terminal
from console.ssh.stream import ChannelStream

LONGEST_COMMAND = 16 * 1024
_TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_LANG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_TAKEN = {"LANG": _LANG, "LC_ALL": _LANG, "LC_CTYPE": _LANG, "COLORTERM": _TERM, "NO_COLOR": _TERM}
_log = logging.getLogger(__name__)


class Caller(Protocol):
    """The connection that a channel belongs to."""

    channels: set[Channel]

    @property
    def visitor(self) -> Visitor | None: ...
    @property
    def peer(self) -> str: ...
    @property
    def key(self) -> str: ...


class Taker(Protocol):
    """Who has the channel's bytes."""

    def feed(self, data: bytes) -> None: ...
    def feed_eof(self) -> None: ...
    def pause_writing(self) -> None: ...
    def resume_writing(self) -> None: ...
    def lost(self) -> None: ...


class Channel(asyncssh.SSHServerSession[bytes]):
    """asyncssh calls it."""

    def __init__(self, porter: Porter, caller: Caller) -> None:
        self._porter, self._caller = porter, caller
        self._terminal: Terminal | None = None
        self._begin: Callable[[], Coroutine[Any, Any, int]] | None = None
        self._taker: Taker | None = None
        self._counted = False
        self._full: set[str] = set()  # what takes no more: the client's window, the connection

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan
        self._caller.channels.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._caller.channels.discard(self)
        if self._taker is not None:
            self._taker.lost()

    # What it is to be

    def pty_requested(self, term_type: str, term_size: tuple[int, int, int, int], term_modes: object) -> bool:
        if not self._may(Asked.PTY):
            return False
        kind = term_type if _TERM.fullmatch(term_type) else "vt100"
        self._terminal = Terminal(kind, term_size[0] or 80, term_size[1] or 24)  # some clients say 0×0
        return True

    def shell_requested(self) -> bool:
        if not self._may(Asked.SHELL) or not self._room():
            return False
        self._begin = self._person([])
        return True

    def exec_requested(self, command: str) -> bool:
        if not self._may(Asked.EXEC) or not self._of_a_length(command) or not self._room():
            return False
        self._terminal = None  # a command's output is the same with a terminal and without
        try:
            words = shlex.split(command)
        except ValueError as error:
            self._begin = self._complain(f"command: {error}; quote it as for a shell")
        else:
            self._begin = self._person(words)
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        asked = SUBSYSTEMS.get(subsystem, Asked.OTHER)
        if not self._may(asked):
            return False
        match self._caller.visitor:
            case EnrolledAgent(agent_id=agent_id):
                self._begin = self._agent(agent_id)
            case Newcomer(key=key):
                self._begin = self._newcomer(key)
        return True

    def session_started(self) -> None:
        if self._begin is not None:
            self._porter.start(self._run(self._begin()), "ssh channel")

    async def _run(self, work: Coroutine[Any, Any, int]) -> None:
        status: int = Exit.WRONG
        try:
            status = await work
        except (OSError, asyncssh.Error) as error:
            _log.warning("a channel of %s failed: %s", self._caller.peer, error)
        finally:
            if self._counted:
                self._porter.guard.let_go_program()
            if not self._channel.is_closing():
                self._channel.exit(status)

    def _person(self, words: list[str]) -> Callable[[], Coroutine[Any, Any, int]]:
        person = self._caller.visitor
        assert isinstance(person, Person)
        self._porter.journal.note(
            person.name, "command", shlex.join(words) if words else "console" if self._terminal else "list"
        )
        taken = self._channel.get_environment()
        environment = {name: taken[name] for name, good in _TAKEN.items() if good.fullmatch(taken.get(name, ""))}
        if self._terminal is not None:
            environment["TERM"] = self._terminal.kind
        wish = Wish(person, f"ssh {self._caller.peer}", tuple(words), self._terminal, environment)
        session = PersonSession(self._porter.hub, self._porter.nursery, self._channel, wish)
        self._taker = session
        return session.run

    def _agent(self, agent_id: str) -> Callable[[], Coroutine[Any, Any, int]]:
        stream = self._stream()

        async def talk() -> int:
            peer = self._caller.peer
            why = await self._porter.agents.serve(stream, stream, Origin("ssh", peer, agent_id, self._caller.key))
            if why:
                self._porter.journal.refuse(peer, f"agent {agent_id}: {why}")
            return Exit.NOT_ALLOWED if why else Exit.DONE

        return talk

    def _newcomer(self, key: str) -> Callable[[], Coroutine[Any, Any, int]]:
        stream = self._stream()
        return lambda: take_in(self._porter, stream, key, self._caller.peer)

    def _complain(self, line: str) -> Callable[[], Coroutine[Any, Any, int]]:
        async def complain() -> int:
            self._channel.write_stderr(f"watchdeck: {line}\n".encode())
            return Exit.USAGE

        return complain

    def _stream(self) -> ChannelStream:
        stream = ChannelStream(self._channel)
        self._taker = stream
        return stream

    def _may(self, asked: Asked) -> bool:
        visitor = self._caller.visitor
        if visitor is not None and self._begin is None and allowed(visitor, asked):
            return True
        name = named(visitor) if visitor else "nobody"
        self._porter.journal.refuse(self._caller.peer, f"{name} asked for {asked.value}")
        return False

    def _of_a_length(self, command: str) -> bool:
        if len(command) > LONGEST_COMMAND:
            self._porter.journal.refuse(self._caller.peer, f"a command of over {LONGEST_COMMAND} characters")
            return False
        return True

    def _room(self) -> bool:
        if why := self._porter.guard.let_in_program():
            self._porter.journal.refuse(self._caller.peer, why)
            return False
        self._counted = True
        return True

    # Its bytes

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if self._taker is not None:
            self._taker.feed(data)

    def eof_received(self) -> bool:
        if self._taker is not None:
            self._taker.feed_eof()
        return True

    def pause_writing(self) -> None:
        self.hold("window", full=True)

    def resume_writing(self) -> None:
        self.hold("window", full=False)

    def hold(self, what: str, *, full: bool) -> None:
        """This takes no more now, or does again: nothing is written as long as anything takes no more."""
        held = bool(self._full)
        (self._full.add if full else self._full.discard)(what)
        if self._taker is not None and held != bool(self._full):
            (self._taker.pause_writing if full else self._taker.resume_writing)()

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        if isinstance(self._taker, PersonSession):
            self._taker.resize(width, height)

    def signal_received(self, signal: str) -> None:
        if isinstance(self._taker, PersonSession):
            self._taker.signal(signal)
