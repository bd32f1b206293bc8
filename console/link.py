"""The console's line to the hub: connected, or trying again. Not what is asked over it.

The hub is another process, which may go and come back: nothing here ends the console.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmdb.hub.client import HubClient, HubGone, HubRefusal

STATUS_EVERY_S = 2.0
ANSWER_LIMIT_S = 10.0
FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 10.0


@dataclass(frozen=True)
class LinkState:
    """How the line is. `retry_at` and `heard_at` are of the monotonic clock; `status` is the hub's last word."""

    connected: bool = False
    tried: bool = False
    why: str = ""
    retry_at: float = 0.0
    heard_at: float | None = None
    round_trip_s: float = 0.0
    status: dict[str, Any] | None = None


class Link:
    """Keeps one `HubClient`, asks the hub how it is, and says when any of that changes."""

    def __init__(self, socket: Path, changed: Callable[[LinkState], None]) -> None:
        self._socket, self._changed = socket, changed
        self._client: HubClient | None = None
        self._broken = asyncio.Event()
        self._hurry = asyncio.Event()
        self._closed = False
        self.connected = asyncio.Event()
        self.state = LinkState()

    async def run(self) -> None:
        """Stay connected until closed or cancelled."""
        delay = FIRST_RETRY_S
        while not self._closed:
            try:
                self._client = await HubClient.connect(self._socket)
                await self._ask_how_it_is()
                delay = FIRST_RETRY_S
                self.connected.set()
                await self._watch()
            except (HubGone, HubRefusal, TimeoutError, OSError) as error:
                await self._let_go()
                self._down(error, delay)
            await self._pause(self._hurry, delay)
            delay = min(2 * delay, LONGEST_RETRY_S)

    async def client(self) -> HubClient:
        """The client, as soon as there is one."""
        while self._client is None or not self.connected.is_set():
            await self.connected.wait()
        return self._client

    async def call(self, verb: str, /, **args: Any) -> Any:
        """The result of a verb. Raises `HubRefusal`, and `HubGone` at once when there is no connection."""
        if self._client is None or not self.connected.is_set():
            raise HubGone("not connected to the hub")
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return await self._client.call(verb, **args)
        except HubGone:
            self.broke()
            raise
        except TimeoutError as error:
            raise HubGone(f"the hub took longer than {ANSWER_LIMIT_S:.0f} s") from error

    def broke(self) -> None:
        """Somebody found the connection gone."""
        self.connected.clear()
        self._broken.set()

    def hurry(self) -> None:
        """Try again now."""
        self._hurry.set()

    async def close(self) -> None:
        """Let go for good."""
        self._closed = True
        await self._let_go()

    async def _watch(self) -> None:
        while True:
            if await self._pause(self._broken, STATUS_EVERY_S):
                raise HubGone("the hub closed the connection")
            await self._ask_how_it_is()

    async def _ask_how_it_is(self) -> None:
        if self._client is None:
            raise HubGone("not connected to the hub")
        asked_at = time.monotonic()
        async with asyncio.timeout(ANSWER_LIMIT_S):
            status = await self._client.call("hub.status")
        now = time.monotonic()
        self._say(LinkState(True, True, "", 0.0, now, now - asked_at, status))

    async def _let_go(self) -> None:
        self.connected.clear()
        self._broken.clear()
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError):
                await client.close()

    def _down(self, error: Exception, delay_s: float) -> None:
        last = self.state
        why = str(error) or type(error).__name__
        self._say(LinkState(False, True, why, time.monotonic() + delay_s, last.heard_at, 0.0, last.status))

    def _say(self, state: LinkState) -> None:
        self.state = state
        self._changed(state)

    @staticmethod
    async def _pause(until: asyncio.Event, seconds: float) -> bool:
        """Wait so long; True as soon as the event is set."""
        try:
            async with asyncio.timeout(seconds):
                await until.wait()
        except TimeoutError:
            return False
        until.clear()
        return True
