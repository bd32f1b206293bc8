"""One channel of a connection: what it was asked to be, whether it may, and who then has its bytes."""

from __future__ import annotations

import logging
import re
import shlex
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

import asyncssh

from cmdb.hub.identities import EnrolledAgent, Person
from cmdb.hub.live_agent import Origin
from console.exit_codes import Exit
from console.ssh.newcomer import take_in
from console.ssh.rights import SUBSYSTEMS, Asked, Newcomer, allowed, named
from console.ssh.session import Asked as Wish
from console.ssh.session import PersonSession, Terminal
from console.ssh.stream import ChannelStream

if TYPE_CHECKING:
    from console.ssh.door import Door
    from console.ssh.greeter import Greeter

LONGEST_COMMAND = 16 * 1024
_TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_LANG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_TAKEN = {"LANG": _LANG, "LC_ALL": _LANG, "LC_CTYPE": _LANG, "COLORTERM": _TERM, "NO_COLOR": _TERM}
_log = logging.getLogger(__name__)


class Taker(Protocol):
    """Who has the channel's bytes."""

    def feed(self, data: bytes) -> None: ...
    def feed_eof(self) -> None: ...
    def pause_writing(self) -> None: ...
    def resume_writing(self) -> None: ...
    def lost(self) -> None: ...


class Channel(asyncssh.SSHServerSession[bytes]):
    """asyncssh calls it."""

    def __init__(self, door: Door, greeter: Greeter) -> None:
        self._door, self._greeter = door, greeter
        self._terminal: Terminal | None = None
        self._begin: Callable[[], Coroutine[Any, Any, int]] | None = None
        self._taker: Taker | None = None
        self._counted = False

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan
        self._greeter.channels += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._greeter.channels -= 1
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
        if not self._may(Asked.EXEC) or len(command) > LONGEST_COMMAND or not self._room():
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
        match self._greeter.visitor:
            case EnrolledAgent(agent_id=agent_id):
                self._begin = self._agent(agent_id)
            case Newcomer(key=key):
                self._begin = self._newcomer(key)
        return True

    def session_started(self) -> None:
        if self._begin is not None:
            self._door.start(self._run(self._begin()), "ssh channel")

    async def _run(self, work: Coroutine[Any, Any, int]) -> None:
        status: int = Exit.WRONG
        try:
            status = await work
        except (OSError, asyncssh.Error) as error:
            _log.warning("a channel of %s failed: %s", self._greeter.peer, error)
        finally:
            if self._counted:
                self._door.guard.let_go_program()
            if not self._channel.is_closing():
                self._channel.exit(status)

    def _person(self, words: list[str]) -> Callable[[], Coroutine[Any, Any, int]]:
        person = self._greeter.visitor
        assert isinstance(person, Person)
        self._door.journal.note(
            person.name, "command", shlex.join(words) if words else "console" if self._terminal else "list"
        )
        taken = self._channel.get_environment()
        environment = {name: taken[name] for name, good in _TAKEN.items() if good.fullmatch(taken.get(name, ""))}
        if self._terminal is not None:
            environment["TERM"] = self._terminal.kind
        wish = Wish(person, f"ssh {self._greeter.peer}", tuple(words), self._terminal, environment)
        session = PersonSession(self._door.hub, self._door.nursery, self._channel, wish)
        self._taker = session
        return session.run

    def _agent(self, agent_id: str) -> Callable[[], Coroutine[Any, Any, int]]:
        stream = self._stream()

        async def talk() -> int:
            await self._door.agents.serve(
                stream, stream, Origin("ssh", self._greeter.peer, agent_id, self._greeter.key)
            )
            return Exit.DONE

        return talk

    def _newcomer(self, key: str) -> Callable[[], Coroutine[Any, Any, int]]:
        stream = self._stream()
        return lambda: take_in(self._door, stream, key, self._greeter.peer)

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
        visitor = self._greeter.visitor
        if visitor is not None and self._begin is None and allowed(visitor, asked):
            return True
        name = named(visitor) if visitor else "nobody"
        self._door.journal.refuse(self._greeter.peer, f"{name} asked for {asked.value}")
        return False

    def _room(self) -> bool:
        if why := self._door.guard.let_in_program():
            self._door.journal.refuse(self._greeter.peer, why)
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
        if self._taker is not None:
            self._taker.pause_writing()

    def resume_writing(self) -> None:
        if self._taker is not None:
            self._taker.resume_writing()

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        if isinstance(self._taker, PersonSession):
            self._taker.resize(width, height)

    def signal_received(self, signal: str) -> None:
        if isinstance(self._taker, PersonSession):
            self._taker.signal(signal)
