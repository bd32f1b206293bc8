"""Reads the indexed values out of packed documents, and decodes nothing else of them where no path is nested."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from cmdb.store.index import Path, value_at
from cmdb.store.seal import SEAL_BYTES, unsealed

_ARRAY_32 = b"\xdd"  # msgpack: an array whose length follows in four bytes


class Columns:
    """For these paths, in this order."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = tuple(paths)
        self._quick = all(len(path) == 1 for path in self._paths)
        names = [f"field_{n}" for n in range(len(self._paths))]
        rename = {name: path[0] for name, path in zip(names, self._paths, strict=True)}
        shape = msgspec.defstruct("IndexedValues", [(name, Any, None) for name in names], rename=rename, gc=False)
        self._one = msgspec.msgpack.Decoder(shape).decode
        self._many = msgspec.msgpack.Decoder(list[shape]).decode  # type: ignore[valid-type]
        self._getters = [attrgetter(name) for name in names]

    def values(self, sealed: bytes) -> tuple[Any, ...]:
        """Of one document."""
        if self._quick:
            try:
                return msgspec.structs.astuple(self._one(sealed[:-SEAL_BYTES]))
            except msgspec.ValidationError:  # a key that is not text
                pass
        document = unsealed(sealed)
        return tuple([value_at(document, path) for path in self._paths])

    def of_many(self, sealed: Sequence[bytes]) -> list[list[Any]]:
        """By path, the value of each document: decoded together, which takes half of the time."""
        if self._quick:
            packed = b"".join([one[:-SEAL_BYTES] for one in sealed])
            try:
                read = self._many(_ARRAY_32 + len(sealed).to_bytes(4, "big") + packed)
            except msgspec.ValidationError:
                pass
            else:
                return [list(map(getter, read)) for getter in self._getters]
        rows = [self.values(one) for one in sealed]
        return [[row[n] for row in rows] for n in range(len(self._paths))]
