"""The asyncio end of the people's protocol, for the console: calls and views over one connection.

Reconnecting is the caller's: what is open ends with `HubGone` and is opened anew on a new client.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import msgspec

from agent.unix_socket import connect
from cmdb.hub.blocking_client import HubRefusal
from cmdb.hub.protocol import LENGTH, MAX_FRAME_BYTES, Event, Failure, Reply, Request, framed

__all__ = ["HubClient", "HubGone", "HubRefusal", "View"]

_decode = msgspec.msgpack.Decoder(Reply | Failure | Event).decode


class HubGone(ConnectionError):
    """The hub closed the connection, or could not be reached."""


class HubClient:
    """One connection; calls may run side by side. Made by `connect`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._last_id = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._views: dict[int, View] = {}
        self._orphans: dict[int, list[Any]] = {}  # events that came before their view's reply was taken
        self._receiving = asyncio.create_task(self._receive(), name="hub client")

    @classmethod
    async def connect(cls, path: Path, *, actor: str = "", role: str = "", timeout_s: float = 5.0) -> Self:
        """A client of the hub at this socket, acting for `actor` with at most `role`. Raises `HubGone`."""
        try:
            connection = connect(path, timeout_s)
            connection.setblocking(False)
            reader, writer = await asyncio.open_unix_connection(sock=connection, limit=2**20)
        except OSError as error:
            raise HubGone(f"{path}: {error.strerror or error}") from error
        client = cls(reader, writer)
        if actor or role:
            await client.call("hub.act_as", actor=actor, role=role)
        return client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def call(self, verb: str, /, **args: Any) -> Any:
        """The result of one verb. Raises `HubRefusal`, `HubGone`."""
        if self._receiving.done():
            raise HubGone("the hub closed the connection")
        self._last_id += 1
        id_ = self._last_id
        answer = asyncio.get_running_loop().create_future()
        self._waiting[id_] = answer
        try:
            self._writer.write(framed(Request(id_, verb, args)))
            await self._writer.drain()
            return await answer
        except ConnectionError as error:
            raise HubGone("the hub closed the connection") from error
        finally:
            self._waiting.pop(id_, None)

    async def open_view(
        self,
        view: str,
        *,
        filter: str = "",  # noqa: A002 — the word of the API
        sort: str = "",
        offset: int = 0,
        limit: int = 50,
        args: dict[str, Any] | None = None,
    ) -> View:
        """A live window of a server-side view. Raises `HubRefusal`, `HubGone`."""
        opened = await self.call(
            "view.open", view=view, filter=filter, sort=sort, offset=offset, limit=limit, args=args or {}
        )
        number = opened["subscription"]
        live = View(self, number, opened, self._orphans.pop(number, []))
        self._views[number] = live
        return live

    async def close(self) -> None:
        """Let go of the connection; what waits ends with `HubGone`."""
        self._receiving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._receiving
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def forget(self, subscription: int) -> None:
        """No longer deliver this subscription's events."""
        self._views.pop(subscription, None)

    async def _receive(self) -> None:
        try:
            while True:
                (length,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
                if length > MAX_FRAME_BYTES:
                    raise ConnectionError(f"the hub announced a frame of {length} bytes")
                self._deliver(_decode(await self._reader.readexactly(length)))
        except (OSError, EOFError, msgspec.MsgspecError):
            pass
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(HubGone("the hub closed the connection"))
            for view in self._views.values():
                view.end()

    def _deliver(self, message: Reply | Failure | Event) -> None:
        if isinstance(message, Event):
            if view := self._views.get(message.subscription):
                view.take(message.data)
            else:
                self._orphans.setdefault(message.subscription, []).append(message.data)
            return
        answer = self._waiting.get(message.id)
        if answer is None or answer.done():
            return
        if isinstance(message, Failure):
            answer.set_exception(HubRefusal(message))
        else:
            answer.set_result(message.result)


class View:
    """A window of a view as the hub last told it: `ids` in order, `rows` by id, `total`, `matched`, `offset`.

    Iterating waits for the next change and yields the view itself; changes that nobody waited for are one.
    """

    def __init__(self, client: HubClient, subscription: int, opened: dict[str, Any], missed: list[Any]) -> None:
        self._client = client
        self.subscription = subscription
        self.rows: dict[str, dict[str, Any]] = {}
        self.ids: list[str] = []
        self.seq = self.total = self.matched = self.offset = 0
        self._changed = asyncio.Event()
        self._ended = False
        self._early = missed
        self._replace(opened)

    def __aiter__(self) -> AsyncIterator[View]:
        return self._changes()

    async def _changes(self) -> AsyncIterator[View]:
        while True:
            await self._changed.wait()
            if self._ended:
                raise HubGone("the hub closed the connection")
            self._changed.clear()
            yield self

    @property
    def window(self) -> list[dict[str, Any]]:
        """The rows of the window, in order."""
        return [self.rows[id_] for id_ in self.ids]

    async def move(self, **window: Any) -> View:
        """Another window (`offset`, `limit`, `anchor`), filter or sort; what is not named stays."""
        self._replace(await self._client.call("view.window", subscription=self.subscription, **window))
        return self

    async def close(self) -> None:
        """Tell the hub that nobody looks any more."""
        await self._client.call("view.close", subscription=self.subscription)
        self._client.forget(self.subscription)

    def take(self, data: dict[str, Any]) -> None:
        """The hub's news about this window: dropped when from before its last move, kept when from after the next."""
        if data["generation"] > self.generation:
            self._early.append(data)
        elif data["generation"] == self.generation:
            self._adopt(data)
            rows = self.rows | {row["id"]: row for row in data["rows"]}
            self.ids = data["ids"]
            self.rows = {id_: rows[id_] for id_ in self.ids}
            self._changed.set()

    def end(self) -> None:
        """The connection is gone."""
        self._ended = True
        self._changed.set()

    def _replace(self, opened: dict[str, Any]) -> None:
        self.generation = opened["generation"]
        self._adopt(opened)
        self.ids = [row["id"] for row in opened["rows"]]
        self.rows = {row["id"]: row for row in opened["rows"]}
        early, self._early = self._early, []
        for data in early:
            self.take(data)

    def _adopt(self, data: dict[str, Any]) -> None:
        self.seq, self.total, self.matched, self.offset = (data[n] for n in ("seq", "total", "matched", "offset"))
