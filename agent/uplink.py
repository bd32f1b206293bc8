"""The way to a hub: tries its addresses in turn, for ever, each failure said once. Not what is said there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from agent.address import Address
from agent.backoff import SETTLED_AFTER_S, Backoff
from agent.connection import Connection, ConnectionEnded, Side
from agent.conversation import converse
from agent.link import Link
from agent.resident import Resident
from agent.wire import Hello

_log = logging.getLogger(__name__)


async def stay_connected(addresses: Sequence[Address], hello: Hello, resident: Resident, backoff: Backoff) -> None:
    """Never returns; ends by being cancelled."""
    time = asyncio.get_running_loop().time
    said = ""
    while True:
        for address in addresses:
            began = time()
            resident.reconnect_s = 0.0
            why = await _one_connection(address, hello, resident)
            if time() - began > SETTLED_AFTER_S:
                backoff.settle()
            backoff.spread(resident.reconnect_s)
            if f"{address}: {why}" != said:
                said = f"{address}: {why}"
                _log.warning("no hub at %s; trying again", said)
            await asyncio.sleep(backoff.wait_s())


async def _one_connection(address: Address, hello: Hello, resident: Resident) -> str:
    """Talk with the hub there for as long as it lasts; gives why it ended."""
    try:
        async with address.dial() as (reader, writer):
            link = Link(reader, writer, Connection(Side.AGENT, deflate=address.deflates))
            await converse(link, hello, resident)
    except (ConnectionEnded, OSError) as error:
        return str(error) or type(error).__name__
    return "it ended"
