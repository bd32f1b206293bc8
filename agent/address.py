"""Where a hub is: how it is written, and how it is reached. Not what is said there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Union

import msgspec

from agent.link import Reader, Writer
from agent.ssh_address import SshAddress, parse_hub_host
from agent.unix_socket import connect

CONNECT_LIMIT_S = 10.0


class UnixAddress(msgspec.Struct, frozen=True):
    """A hub on this machine."""

    path: Path
    deflates = False  # nothing is gained by packing what stays on the machine

    def __str__(self) -> str:
        return f"unix:{self.path}"

    @contextlib.asynccontextmanager
    async def dial(self) -> AsyncIterator[tuple[Reader, Writer]]:
        """A stream to it, closed when the `async with` ends. Raises `OSError`."""
        connection = connect(self.path, CONNECT_LIMIT_S)
        connection.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=connection)
        try:
            yield reader, writer
        finally:
            writer.close()


Address = Union[UnixAddress, SshAddress]


def parse_address(text: str, state: Path) -> Address:
    """`unix:PATH` or `ssh://HOST:PORT`, for the agent of this directory. Raises `ValueError`."""
    scheme, _, rest = text.partition(":")
    if scheme == "unix" and rest:
        return UnixAddress(Path(rest))
    if scheme == "ssh":
        return SshAddress(parse_hub_host(text), state.absolute())
    raise ValueError(f"{text!r} is no hub address: write unix:PATH or ssh://HOST:PORT")
