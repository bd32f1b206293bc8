"""A batch in the making: changes compared with what is there, as bytes where that is enough. Pure; nothing is written.

Most of a scan is as it was: such a record is packed and compared, and never becomes a document.
"""

from __future__ import annotations

import msgspec

from cmdb.difference import changed_fields, differences, differences_in
from cmdb.model.change import Change, Put
from cmdb.model.kind import Kind, Record
from cmdb.store.protocol import Difference, Write

RecordKey = tuple[Kind, str]
_unpack = msgspec.msgpack.Decoder(dict).decode
_pack = msgspec.msgpack.Encoder().encode


class _Versioned(msgspec.Struct, gc=False):
    version: int = 0


_versioned = msgspec.msgpack.Decoder(_Versioned).decode


class Draft:
    """`writes` are what is left of the changes that were added, each pinned to the version that it was compared with;
    `differences` their history."""

    def __init__(self, bodies: dict[RecordKey, bytes | None]) -> None:
        self._bodies = bodies
        self.writes: list[Write] = []
        self.differences: list[Difference] = []

    def add(self, key: RecordKey, change: Change) -> None:
        """A later change of the same record builds on the earlier one."""
        before = self._bodies[key]
        version = 0 if before is None else _versioned(before).version
        expected = version if change.expected is None else change.expected
        if isinstance(change, Put):
            if expected != version or before != _packed_at(change.record, version):
                self._put(key, change.record, before, version, expected)
        elif before is not None or expected != version:
            self.writes.append(Write(*key, None, expected))
            self.differences += differences(*key, None if before is None else _unpack(before), None)
            self._bodies[key] = None

    def _put(self, key: RecordKey, record: Record, before: bytes | None, version: int, expected: int) -> None:
        """Write a record whose bytes differ, unless it says the same in another order."""
        packed = _packed_at(record, version + 1)
        after = _unpack(packed)
        if before is None:
            self.differences += differences(*key, None, after)
        else:
            document = _unpack(before)
            fields = changed_fields(document, after)
            if fields == ["version"] and expected == version:
                return
            self.differences += differences_in(*key, document, after, fields)
        self.writes.append(Write(*key, after, expected, packed))
        self._bodies[key] = packed


def _packed_at(record: Record, version: int) -> bytes:
    return _pack(record if record.version == version else msgspec.structs.replace(record, version=version))
