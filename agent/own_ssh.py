"""A stand-in for the system's `ssh` and `ssh-keygen` where there is none, by asyncssh. A program of its own.

Nothing of the agent imports it: the resident process starts it in place of `ssh`, and stays light.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

LOST = 255  # what ssh says of a connection that failed
CONNECT_LIMIT_S = 15
KEEPALIVE_S = 10
CHUNK_BYTES = 64 * 1024


def main() -> int:
    """Runs one verb; its exit status is that of the program that it stands in for."""
    top = argparse.ArgumentParser(prog="agent.own_ssh")
    verbs = top.add_subparsers(dest="verb", required=True)
    connect = verbs.add_parser("connect")
    for name in ("--host", "--user", "--subsystem"):
        connect.add_argument(name, required=True)
    connect.add_argument("--port", type=int, required=True)
    connect.add_argument("--state", type=Path, required=True)
    for verb in ("make", "public"):
        verbs.add_parser(verb).add_argument("path", type=Path)
    arguments = top.parse_args()
    try:
        return _VERBS[arguments.verb](arguments)
    except ImportError:
        sys.stderr.write("there is no ssh here, and no asyncssh in its place: install the OpenSSH client\n")
        return LOST


def _connect(arguments: argparse.Namespace) -> int:
    import asyncssh  # noqa: PLC0415 - that it may be missing is said in one line

    try:
        return asyncio.run(_talk(arguments))
    except (OSError, ValueError, asyncssh.Error) as error:
        sys.stderr.write(f"{error}\n")
        return LOST


async def _talk(arguments: argparse.Namespace) -> int:
    """Carry bytes between this process's streams and the subsystem until either ends."""
    import asyncssh  # noqa: PLC0415

    async with asyncssh.connect(
        arguments.host,
        arguments.port,
        username=arguments.user,
        client_keys=[str(arguments.state / "id_ed25519")],
        known_hosts=str(arguments.state / "known_hosts"),
        preferred_auth="publickey",
        agent_path=None,
        config=None,
        compression_algs=["none"],
        connect_timeout=CONNECT_LIMIT_S,
        keepalive_interval=KEEPALIVE_S,
    ) as connection:
        stream = await connection.create_process(subsystem=arguments.subsystem, encoding=None)
        upwards = asyncio.ensure_future(_carry(await _own_input(), stream.stdin))
        try:
            await _carry(stream.stdout, await _own_output())
            return LOST if stream.exit_status is None else stream.exit_status
        finally:
            upwards.cancel()


async def _carry(source: Any, target: Any) -> None:
    """Every byte until the source ends; then that is passed on, too."""
    while data := await source.read(CHUNK_BYTES):
        target.write(data)
        await target.drain()
    target.write_eof()


async def _own_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin.buffer)
    return reader


async def _own_output() -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, sys.stdout.buffer)
    return asyncio.StreamWriter(transport, protocol, None, loop)


def _make(arguments: argparse.Namespace) -> int:
    import asyncssh  # noqa: PLC0415

    made = asyncssh.generate_private_key("ssh-ed25519", comment="watchdeck-agent")
    arguments.path.touch(mode=0o600)
    arguments.path.write_bytes(made.export_private_key())
    arguments.path.with_name(f"{arguments.path.name}.pub").write_bytes(made.export_public_key())
    return 0


def _public(arguments: argparse.Namespace) -> int:
    import asyncssh  # noqa: PLC0415

    sys.stdout.write(asyncssh.read_private_key(str(arguments.path)).export_public_key().decode())
    return 0


_VERBS = {"connect": _connect, "make": _make, "public": _public}


if __name__ == "__main__":
    sys.exit(main())
