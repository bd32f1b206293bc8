"""The people's end: requests over `hub.sock`, each answered once; events of open views in between.

The socket belongs to the installation's owner (mode 0600), so whoever connects is an admin. A front door serves
each visitor at a socket of their own, where every session is theirs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pwd
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from agent.unix_socket import listen
from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.verb import Verb, checked
from cmdb.hub.hub import Hub
from cmdb.hub.identities import Person
from cmdb.hub.protocol import LENGTH, Code, Event, Failure, Message, Reply, Request, framed
from cmdb.hub.role import Role
from cmdb.hub.session import Session
from cmdb.store.protocol import StaleVersion, StoreError

MOST_REQUESTS_AT_ONCE = 256
LARGEST_REQUEST_BYTES = 4 * 1024 * 1024
SLOW_READER_BYTES = 1024 * 1024  # so much unread: no more events until it has read
_PEER = struct.Struct("3i")  # struct ucred: pid, uid, gid
_log = logging.getLogger(__name__)
_decode = msgspec.msgpack.Decoder(Request).decode


@contextlib.asynccontextmanager
async def serving(
    hub: Hub, verbs: Mapping[str, Verb], path: Path, person: Person | None = None, via: str = "local"
) -> AsyncIterator[None]:
    """Answer at this socket inside the `async with`; with a `person` every session there is theirs, come by `via`."""
    connections: set[asyncio.Task[None]] = set()
    stopping = False

    # Not a coroutine: Python 3.11's streams report a cancelled one as an error.
    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if stopping:
            writer.close()
            return
        task = asyncio.create_task(
            _Connection(hub, verbs, reader, writer, person, via).run(), name="people's connection"
        )
        connections.add(task)
        task.add_done_callback(connections.discard)

    listener = listen(path)
    listener.setblocking(False)
    server = await asyncio.start_unix_server(connected, sock=listener, limit=2**18)
    try:
        yield
    finally:
        stopping = True
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108 — one entry of a local directory, in a coroutine


class _Connection:
    """One program, from its connect to its end."""

    def __init__(
        self,
        hub: Hub,
        verbs: Mapping[str, Verb],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        person: Person | None,
        via: str,
    ) -> None:
        self._hub, self._verbs, self._reader, self._writer = hub, verbs, reader, writer
        person = person or Person(_login(writer), Role.ADMIN)
        self._session = Session(person.name, person.role, self._send_event, via)
        self._room = asyncio.Semaphore(MOST_REQUESTS_AT_ONCE)

    async def run(self) -> None:
        requests: set[asyncio.Task[None]] = set()
        try:
            while True:
                request = await self._receive()
                await self._room.acquire()
                task = asyncio.create_task(self._answer(request), name=f"request {request.verb}")
                requests.add(task)
                task.add_done_callback(requests.discard)
        except (EOFError, ConnectionError):
            pass
        except msgspec.MsgspecError as error:
            _log.warning("a program sent what is no request: %s", error)
        finally:
            for task in requests:
                task.cancel()
            self._hub.presence.leave(self._session)
            for subscription in self._session.subscriptions.values():
                self._hub.feed.close(subscription)
            self._writer.close()

    async def _receive(self) -> Request:
        (length,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
        if length > LARGEST_REQUEST_BYTES:
            raise msgspec.ValidationError(f"a request of {length} bytes")
        return _decode(await self._reader.readexactly(length))

    async def _answer(self, request: Request) -> None:
        try:
            answer = await answered(self._hub, self._verbs, self._session, request)
            await self._send(answer)
        except ConnectionError:
            pass
        finally:
            self._room.release()

    async def _send(self, message: Message) -> None:
        self._writer.write(framed(message))
        await self._writer.drain()

    def _send_event(self, subscription: int, data: Any) -> bool:
        if self._writer.is_closing():
            raise ConnectionResetError
        if self._writer.transport.get_write_buffer_size() > SLOW_READER_BYTES:
            return False
        self._writer.write(framed(Event(subscription, data)))
        return True


async def answered(hub: Hub, verbs: Mapping[str, Verb], session: Session, request: Request) -> Reply | Failure:
    """What the verb gives, or one line that says why not."""
    try:
        verb = verbs.get(request.verb)
        if verb is None:
            raise Refused(Code.USAGE, request.verb, "is not a verb of this hub", "see `watchdeck --help`")
        if session.role < verb.role:
            why = f"{session.actor} is {session.role.word}, it takes {verb.role.word}"
            hub.refused(session.actor, f"{request.verb}: {why}")
            raise Refused(Code.NOT_ALLOWED, request.verb.replace(".", " "), why, "ask an admin for the role")
        args = checked(verb, request.verb, request.args)
        return Reply(request.id, await verb.run(hub, session, args))
    except Refused as refused:
        return Failure(request.id, refused.code, refused.what, refused.why, refused.next_step)
    except StaleVersion as stale:
        return Failure(request.id, Code.CONFLICT, stale.what, stale.why, stale.next_step)
    except StoreError as error:
        return Failure(request.id, Code.WRONG, error.what, error.why, error.next_step)
    except Exception as error:
        _log.exception("%s failed", request.verb)
        why = f"the hub could not do it: {type(error).__name__}"
        return Failure(request.id, Code.WRONG, request.verb.replace(".", " "), why, "the hub's log has the whole story")


def _login(writer: asyncio.StreamWriter) -> str:
    """The login name behind a local connection."""
    peer: socket.socket = writer.get_extra_info("socket")
    _pid, uid, _gid = _PEER.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}" if uid != os.getuid() else "owner"
