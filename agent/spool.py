"""Results that the hub has not confirmed yet, on disk, in order. Not what they mean, nor when they are sent.

Segments are files named by their first serial; a record is serial, length and checksum, then a `Results` message.
A kill leaves at most one torn record at the end, which is cut off. When the disk is full, records are held in
memory: a host whose disk is full must still be able to say so. What no longer fits is dropped oldest first, counted.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Union

import msgspec

from agent.wire import MAX_FRAME_BYTES, CheckResult, Results, Summary

_HEADER = struct.Struct(">QII")
_SUFFIX = ".spool"
_HELD_BYTES = 2 * 1024 * 1024
_MESSAGE_BYTES = MAX_FRAME_BYTES // 8  # also what the hub takes in one go

Outcome = Union[CheckResult, Summary]


class _Segment(msgspec.Struct):
    """One file: serials `first` to `last` (`first - 1` while empty) in its first `size_bytes`.

    `mark` is the last place that was read: the serial that follows it, and its offset.
    """

    path: Path
    first: int
    last: int
    size_bytes: int = 0
    mark: tuple[int, int] = (0, 0)


class Spool:
    """An ordered, bounded queue of `Results` messages with rising serials."""

    def __init__(self, directory: Path, *, max_bytes: int = 16 * 1024 * 1024, segments: int = 16) -> None:
        """Open what is there, cutting off a torn end. Raises `OSError`."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._max_bytes, self._segment_bytes = max_bytes, max_bytes // segments
        self._segments = deque(_opened(directory))
        self._held: deque[tuple[int, bytes]] = deque()
        self._held_bytes = 0
        self.next_serial = self._segments[-1].last + 1 if self._segments else 1
        self.forgotten = self._segments[0].first - 1 if self._segments else 0
        self.dropped = 0
        self._unkept = {directory, *(segment.path for segment in self._segments)}

    @property
    def waiting(self) -> int:
        """How many messages the hub has not confirmed."""
        return self.next_serial - 1 - self.forgotten

    def append(self, outcomes: Sequence[Outcome]) -> int:
        """Take results in, in their order, and give their last serial. Then a kill of this process loses none.

        After `keep` of what is `unkept` no power cut does. What is too much for one message makes several: one that
        the wire refuses would be sent, and refused, for ever.
        """
        payload = _message(self.next_serial, outcomes)
        if len(payload) > _MESSAGE_BYTES and len(outcomes) > 1:
            half = len(outcomes) // 2
            self.append(outcomes[:half])
            return self.append(outcomes[half:])
        serial = self.next_serial
        self.next_serial += 1
        self._held.append((serial, payload))
        self._held_bytes += len(payload)
        self.write_held()
        while self._held_bytes > _HELD_BYTES and len(self._held) > 1:
            self._held_bytes -= len(self._held.popleft()[1])
            self._drop_to(self._held[0][0] - 1)
        return serial

    def unkept(self) -> Collection[Path]:
        """What `keep` has to bring to the disk so that all that was taken in until now outlives a power cut."""
        unkept, self._unkept = self._unkept, set()
        return unkept

    def write_held(self) -> None:
        """Try to bring what is held in memory to disk."""
        try:
            while self._held:
                self._write(*self._held[0])
                self._held_bytes -= len(self._held.popleft()[1])
        except OSError:
            return

    def after(self, serial: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to `limit` encoded messages that follow `serial`, in order."""
        taken: list[tuple[int, bytes]] = []
        for segment in list(self._segments):
            if segment.last > serial and len(taken) < limit:
                taken.extend(_read_after(segment, serial, limit - len(taken)))
        held = [entry for entry in self._held if entry[0] > serial]
        return taken + held[: limit - len(taken)]

    def forget(self, upto: int) -> None:
        """The hub has everything up to this serial, perhaps even more than was ever spooled here."""
        self.next_serial = max(self.next_serial, upto + 1)
        self.forgotten = max(self.forgotten, upto)
        while self._held and self._held[0][0] <= upto:
            self._held_bytes -= len(self._held.popleft()[1])
        while self._segments and self._segments[0].last <= upto:
            if len(self._segments) == 1 and self._keeps_the_count(self._segments[0]):
                return
            self._segments.popleft().path.unlink(missing_ok=True)

    def _keeps_the_count(self, last: _Segment) -> bool:
        """The only segment stays while it is small: its name and records tell a restart where serials go on."""
        if last.size_bytes < self._segment_bytes // 16 and last.last + 1 == self.next_serial:
            return True
        try:
            self._segments.append(_created(self._directory, self.next_serial))
        except OSError:
            return True
        return False

    def _write(self, serial: int, payload: bytes) -> None:
        if not self._segments or self._segments[-1].size_bytes >= self._segment_bytes:
            self._segments.append(_created(self._directory, serial))
            self._unkept.add(self._directory)
        self._make_room()
        _append_record(self._segments[-1], serial, payload)
        self._unkept.add(self._segments[-1].path)

    def _make_room(self) -> None:
        while len(self._segments) > 1 and sum(segment.size_bytes for segment in self._segments) > self._max_bytes:
            oldest = self._segments.popleft()
            self._drop_to(oldest.last)
            oldest.path.unlink(missing_ok=True)

    def _drop_to(self, serial: int) -> None:
        if serial > self.forgotten:
            self.dropped += serial - self.forgotten
            self.forgotten = serial


def _message(serial: int, outcomes: Sequence[Outcome]) -> bytes:
    changes = [one for one in outcomes if isinstance(one, CheckResult)]
    summaries = [one for one in outcomes if isinstance(one, Summary)]
    return msgspec.msgpack.encode(Results(serial, changes, summaries))


def _opened(directory: Path) -> Iterator[_Segment]:
    """The segments there are, in order; each ends where its records stop making sense."""
    for path in sorted(directory.glob(f"*{_SUFFIX}")):
        first = int(path.stem) if path.stem.isdigit() else 0
        segment = _Segment(path, first, first - 1, path.stat().st_size)
        end = 0
        for serial, payload in _records(segment, 0):
            segment.last = serial
            end += _HEADER.size + len(payload)
        if end < segment.size_bytes:
            os.truncate(path, end)
            segment.size_bytes = end
        yield segment


def _created(directory: Path, first: int) -> _Segment:
    path = directory / f"{first:020d}{_SUFFIX}"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    return _Segment(path, first, first - 1)


def keep(paths: Collection[Path]) -> None:
    """Bring these files and directories to the disk itself. May take long. Raises `OSError`."""
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # confirmed meanwhile, and gone
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _append_record(segment: _Segment, serial: int, payload: bytes) -> None:
    record = _HEADER.pack(serial, len(payload), zlib.crc32(payload, serial & 0xFFFFFFFF)) + payload
    descriptor = os.open(segment.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    try:
        if os.write(descriptor, record) < len(record):
            os.ftruncate(descriptor, segment.size_bytes)
            raise OSError("the disk took only a part of the record")
    finally:
        os.close(descriptor)
    segment.size_bytes += len(record)
    segment.last = serial


def _read_after(segment: _Segment, serial: int, limit: int) -> list[tuple[int, bytes]]:
    start = segment.mark[1] if segment.mark[0] <= serial + 1 else 0
    taken: list[tuple[int, bytes]] = []
    offset = start
    for found, payload in _records(segment, start):
        if found > serial:
            if len(taken) == limit:
                break
            taken.append((found, payload))
        offset += _HEADER.size + len(payload)
        segment.mark = (found + 1, offset)
    return taken


def _records(segment: _Segment, offset: int) -> Iterator[tuple[int, bytes]]:
    """The whole records from `offset` on, up to the first that is torn or damaged."""
    with segment.path.open("rb") as file:
        file.seek(offset)
        while offset < segment.size_bytes and len(header := file.read(_HEADER.size)) == _HEADER.size:
            serial, length, checksum = _HEADER.unpack(header)
            if length > segment.size_bytes - offset:
                return
            payload = file.read(length)
            if len(payload) < length or zlib.crc32(payload, serial & 0xFFFFFFFF) != checksum:
                return
            offset += _HEADER.size + length
            yield serial, payload
