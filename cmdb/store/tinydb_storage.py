"""A TinyDB storage in the store's own file: `TinyDB(path, storage=SqliteStorage)` with `PackedTable` as its table.

Each write of TinyDB's is one batch, with its audit row, durable on return. Not how the hub writes: that is
`EmbeddedStore`, on the same tables and the same file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tinydb import TinyDB
from tinydb.storages import Storage

from cmdb.audit import next_row
from cmdb.store.database import Database
from cmdb.store.overlay import PackedView
from cmdb.store.packed import PackedRows
from cmdb.store.prepare import head_after, rows_of, slots_of
from cmdb.store.seal import pack, seal
from cmdb.store.table import PackedTable


class SqliteStorage(Storage):
    """Holds all tables packed in memory. One process at a time; `EmbeddedStore` locks, this does not."""

    def __init__(self, path: str | Path) -> None:
        self._database = Database(Path(path))
        self._tables: dict[str, PackedRows] = {}
        self._written: set[str] = set()  # a table is there once it was written, also when it is empty
        chunks: dict[str, list[tuple[Sequence[str], Sequence[bytes]]]] = {}
        for stored in self._database.documents():
            chunks.setdefault(stored.kind, []).append((stored.ids, stored.sealed))
        for name, of_table in chunks.items():
            self.packed(name).load(of_table)
            self._written.add(name)

    def packed(self, name: str) -> PackedRows:
        """The rows of this table, empty when nobody wrote any."""
        return self._tables.setdefault(name, PackedRows())

    def read(self) -> dict[str, Any] | None:
        return {name: PackedView(self._tables[name]) for name in sorted(self._written)} or None

    def write(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Make the whole be `data`, by writing what differs; tables that are not in it are dropped."""
        for name in self._written - data.keys():
            self.write_rows(name, dict.fromkeys(self.packed(name).rows))
            self._written.discard(name)
        for name, table in data.items():
            if not isinstance(table, PackedView) or table.packed is not self._tables.get(name):
                gone = {id_: None for id_ in self.packed(name).rows if id_ not in table}
                self.write_rows(name, {**gone, **table})

    def write_rows(self, name: str, documents: Mapping[str, Any]) -> None:
        """Make these documents durable (None: removed), then visible."""
        packed = self.packed(name)
        head = self._database.head
        seq = head.seq + 1
        slots = slots_of([(name, id_) for id_ in documents], head, lambda key: packed.rows.get(key[1]))
        for (_, id_), slot in slots.items():
            fields = documents[id_]
            if fields is None:
                slot.after = None
            else:
                slot.after = seal(pack(fields), f"{name}\0{id_}", seq, slot.place, slot.number)
        if slots:
            audit = next_row(head.digest, seq, datetime.now(UTC), "tinydb", "write", f"{name}: {len(slots)}")
            rows = rows_of(audit, (), slots)
            self._database.write([rows], head_after(head, rows, slots))
            packed.apply({id_: slot.after for (_, id_), slot in slots.items()})
        self._written.add(name)

    def close(self) -> None:
        self._database.close()


class PackedTinyDB(TinyDB):
    """TinyDB on this storage and these tables: `PackedTinyDB(path)`."""

    table_class = PackedTable
    default_storage_class = SqliteStorage  # type: ignore[assignment]  # TinyDB declares its default's own class
