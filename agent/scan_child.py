"""The scanning child: looks once, offers digests, sends what is wanted in parts, and ends. Never the agent itself.

It talks to the agent over a socket pair, in frames of one kind byte and one encoded message; the agent passes the
messages on without opening them. What discovery loads and holds ends with this process.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NoReturn, Union

import msgspec

from agent.files import read_bounded, write_whole
from agent.frames import FrameReader, frame
from agent.state_dir import StateDir
from agent.wire import MAX_FRAME_BYTES, Item, Offer, ScanEnd, Section, Want

OFFER, PART, END = b"o", b"p", b"e"
PART_BYTES = 256 * 1024
_MEMORY_BYTES = 16 * 1024 * 1024
_NICENESS = 10


def serve(channel: socket.socket, scan_number: int, state: StateDir) -> NoReturn:
    """Be the child of a fork: scan, answer, and leave without running anything of the parent's."""
    code = 1
    try:
        _become_a_child(channel)
        _report(channel, scan_number, state)
        code = 0
    except (BrokenPipeError, ConnectionResetError, EOFError):
        code = 0  # the agent is gone or has lost its hub: nobody waits for this scan
    except BaseException as error:  # nothing may return into the parent's code
        sys.stderr.write(f"scan: {type(error).__name__}: {error}\n")
        sys.stderr.flush()
    finally:
        os._exit(code)


def _become_a_child(channel: socket.socket) -> None:
    """Let go of the parent's signals and descriptors: a connection lives for as long as anyone holds it."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    kept = channel.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, 65536)
    os.nice(_NICENESS)


def _report(channel: socket.socket, number: int, state: StateDir) -> None:
    # Loaded here, so that discovery does not stay in the parent.
    from agent.discovery.scan import scan  # noqa: PLC0415
    from agent.known_items import KnownItems  # noqa: PLC0415

    report = scan(memory=_remembered(state.discovery_memory))
    outcomes = tuple(section.outcome for section in report.sections)
    _send(channel, OFFER, Offer(number, datetime.now(timezone.utc), outcomes))
    want = _receive(channel)
    known = KnownItems(state.known_items)
    for section in report.sections:
        name = section.outcome.name
        if name in want.sections:
            base = want.known.get(name, "")
            since = known.differences(name, base, section.items) if base else None
            all_ = parts(number, name, section.items)
            for part in all_ if since is None else parts(number, name, since.items, base, since.gone):
                _send(channel, PART, part)
    _send(channel, END, ScanEnd(number, report.duration_s))
    write_whole(state.discovery_memory, msgspec.msgpack.encode(report.memory))
    known.keep((section.outcome, section.items) for section in report.sections)


def parts(
    number: int, name: str, items: Iterable[Item], base: str = "", gone: Sequence[tuple[str, str]] = ()
) -> Iterator[Section]:
    """The section in messages of a bounded size; what is gone is named in the last one."""
    taken: list[Item] = []
    size_bytes = part = 0
    for item in items:
        item_bytes = len(msgspec.msgpack.encode(item))
        if taken and size_bytes + item_bytes > PART_BYTES:
            yield Section(number, name, taken, part, last=False, base=base)
            taken, size_bytes, part = [], 0, part + 1
        taken.append(item)
        size_bytes += item_bytes
    yield Section(number, name, taken, part, base=base, gone=list(gone))


def _remembered(path: Path) -> dict[str, Any]:
    try:
        return msgspec.msgpack.decode(read_bounded(path, _MEMORY_BYTES), type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}


def _send(channel: socket.socket, kind: bytes, message: Union[Offer, Section, ScanEnd]) -> None:
    channel.sendall(frame(kind + msgspec.msgpack.encode(message), MAX_FRAME_BYTES))


def _receive(channel: socket.socket) -> Want:
    reader = FrameReader(MAX_FRAME_BYTES)
    while data := channel.recv(65536):
        for payload in reader.feed(data):
            return msgspec.msgpack.decode(payload, type=Want)
    raise EOFError
