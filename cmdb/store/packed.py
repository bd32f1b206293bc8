"""The documents of one table, packed in memory, with their equality indexes. Not durable: `database` is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cmdb.store.columns import Columns
from cmdb.store.index import EqualityIndex, Path, path_of, value_at
from cmdb.store.seal import unsealed

_NOTHING_YET = object()
Changes = Mapping[str, bytes | None]  # id → sealed bytes, None: removed


class PackedRows:
    """id → sealed bytes, in the order of insertion."""

    def __init__(self, indexes: Iterable[str] = ()) -> None:
        self.rows: dict[str, bytes] = {}
        self._indexes: dict[Path, EqualityIndex] = {path_of(name): EqualityIndex() for name in indexes}
        self._columns = Columns(self._indexes)

    def __len__(self) -> int:
        return len(self.rows)

    def apply(self, changes: Changes) -> None:
        for id_, sealed in changes.items():
            self.set(id_, sealed)

    def load(self, chunks: Iterable[tuple[Sequence[str], Sequence[bytes]]]) -> None:
        """Many documents, into an empty table: their ids, each once, and their bytes.

        Often all are of one class, or in one state: such an index is filled at the end, or before another value.
        """
        alike = dict.fromkeys(self._indexes, _NOTHING_YET)
        for ids, sealed in chunks:
            for (path, index), values in zip(self._indexes.items(), self._columns.of_many(sealed), strict=True):
                if path in alike:
                    value = values[0] if alike[path] is _NOTHING_YET else alike[path]
                    if values.count(value) == len(values):
                        alike[path] = value
                        continue
                    index.fill(alike.pop(path), self.rows)
                index.extend(values, ids)
            self.rows.update(zip(ids, sealed, strict=True))
        for path, value in alike.items():
            self._indexes[path].fill(value, self.rows)

    def set(self, id_: str, sealed: bytes | None) -> None:
        """These are the document's bytes now; None: it is gone."""
        if sealed is None:
            self._remove(id_)
        else:
            self._put(id_, sealed)

    def document(self, id_: str) -> dict[str, Any]:
        """A fresh copy. Raises `KeyError`."""
        document: dict[str, Any] = unsealed(self.rows[id_])
        return document

    def documents(self, ids: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """These documents, each a fresh copy; ids that are not there are left out."""
        for id_ in ids:
            sealed = self.rows.get(id_)
            if sealed is not None:
                yield id_, unsealed(sealed)

    def candidates(self, equalities: Iterable[tuple[Path, Any]]) -> Collection[str]:
        """A superset of the documents with these values, in the table's order, by all indexes that there are."""
        usable = [(self._indexes[path], value) for path, value in equalities if path in self._indexes]
        if not usable:
            return self.rows.keys()
        usable.sort(key=lambda asked: asked[0].count(asked[1]))
        index, value = usable[0]
        found = index.candidates(value, self.rows)
        for index, value in usable[1:]:
            found = index.among(found, value)
        return found

    def ids(self, name: str, values: Iterable[str]) -> Collection[str]:
        """A superset of the documents with one of these values, in any order."""
        if name == "id":
            return {id_ for id_ in values if id_ in self.rows}
        index = self._indexes.get(path_of(name))
        return self.rows.keys() if index is None else set(index.unordered(values))

    def add_index(self, name: str) -> None:
        """Index this path too."""
        if path_of(name) in self._indexes:
            return
        self._indexes[path_of(name)] = index = EqualityIndex()
        self._columns = Columns(self._indexes)
        for id_, document in self.documents(self.rows):
            index.add(value_at(document, path_of(name)), id_, newest=True)

    def _put(self, id_: str, sealed: bytes) -> None:
        before = self.rows.get(id_)
        self.rows[id_] = sealed
        if not self._indexes:
            return
        values = self._columns.values(sealed)
        if before is None:
            for index, value in zip(self._indexes.values(), values, strict=True):
                index.add(value, id_, newest=True)
        elif (old_values := self._columns.values(before)) != values:
            for index, old, value in zip(self._indexes.values(), old_values, values, strict=True):
                if old != value:
                    index.discard(old, id_)
                    index.add(value, id_, newest=False)

    def _remove(self, id_: str) -> None:
        before = self.rows.pop(id_, None)
        if before is not None and self._indexes:
            for index, old in zip(self._indexes.values(), self._columns.values(before), strict=True):
                index.discard(old, id_)
