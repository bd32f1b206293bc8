"""Commands as somebody types them, on a hub of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from cmdb.hub.hub import Hub
from console.commands.grammar import watchdeck

Typed = Callable[..., Awaitable[str]]


def typed_on(hub: Hub, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Runs the words of a command and returns what it prints."""

    async def run(*words: str) -> str:
        state = ["--state", str(hub.locations.state)]
        await asyncio.to_thread(watchdeck.main, [*words, *state], standalone_mode=False)
        return capsys.readouterr().out

    return run
