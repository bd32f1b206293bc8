"""The process of the simulated fleet: as many agents as asked for, in one event loop, until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from agent.address import UnixAddress
from console.demo.agent import SimulatedAgent
from console.demo.host import SimulatedHost

JOIN_EVERY_S = 0.004  # agents come one after the other: a thousand within some seconds
STATE_CHANGES_A_TROUBLE = 4


async def fleet(socket: Path, hosts: int, seed: int, changes_a_minute: float) -> None:
    """Until cancelled."""
    rate_s = 60 * hosts * STATE_CHANGES_A_TROUBLE / changes_a_minute
    async with asyncio.TaskGroup() as group:
        for number in range(hosts):
            agent = SimulatedAgent(SimulatedHost(number, seed), UnixAddress(socket), rate_s)
            group.create_task(agent.run())
            await asyncio.sleep(JOIN_EVERY_S)


async def _until_stopped(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    if arguments.lifeline is not None:
        os.set_blocking(arguments.lifeline, False)
        loop.add_reader(arguments.lifeline, stop.set)
    running = asyncio.create_task(fleet(arguments.socket, arguments.hosts, arguments.seed, arguments.changes))
    await stop.wait()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m console.demo.run", description="A simulated fleet.")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--changes", type=float, default=60.0, help="state changes a minute")
    parser.add_argument("--lifeline", type=int)
    asyncio.run(_until_stopped(parser.parse_args(words)))


if __name__ == "__main__":
    main()
