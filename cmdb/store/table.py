"""A TinyDB table whose documents lie packed in memory: queries run on the candidates that an index leaves, and a write
hands its storage the rows that changed, no others. Not durable by itself: its storage is.

TinyDB's table does the rest. What differs from the stock one is listed in `docs/store.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import methodcaller
from typing import Any, NoReturn, Protocol

from tinydb.queries import QueryLike
from tinydb.table import Document, Table

from cmdb.store.narrow import equalities
from cmdb.store.overlay import Overlay, PackedView
from cmdb.store.packed import PackedRows
from cmdb.store.seal import number_of


class PackedStorage(Protocol):
    """What a packed table needs of its storage, beyond TinyDB's own `read` and `write`."""

    def packed(self, name: str) -> PackedRows:
        """The rows of this table, empty when nobody wrote any."""

    def write_rows(self, name: str, documents: Mapping[str, Any]) -> None:
        """Make these documents durable (None: removed), then visible."""


class PackedTable(Table):
    """Every document it returns is a copy of its own, so there is no query cache to spoil."""

    default_query_cache_capacity = 0

    def __init__(
        self,
        storage: Any,
        name: str,
        cache_size: int = default_query_cache_capacity,
        persist_empty: bool = False,
        indexes: Iterable[str] = (),
    ) -> None:
        self._rows_storage: PackedStorage = storage
        self._packed = storage.packed(name)
        for index in indexes:
            self._packed.add_index(index)
        super().__init__(storage, name, cache_size, persist_empty)

    def search(self, cond: QueryLike) -> list[Document]:
        return list(self._matching(cond))

    def get(self, cond: Any = None, doc_id: Any = None, doc_ids: Any = None) -> Any:
        if cond is not None and doc_id is None and doc_ids is None:
            return next(self._matching(cond), None)
        if doc_ids is not None and doc_id is None:
            return [self._document(*found) for found in self._packed.documents(self._there(doc_ids))]
        return super().get(cond, doc_id, doc_ids)

    def update(self, fields: Any, cond: Any = None, doc_ids: Any = None) -> list[Any]:
        return super().update(fields, None, self._ids(cond, doc_ids))

    def update_multiple(self, updates: Iterable[tuple[Any, QueryLike]]) -> list[Any]:
        """A document that no condition accepts at first is changed by none: it need not be looked at."""
        steps = list(updates)
        ids = {id_ for _, cond in steps for id_ in self._packed.candidates(equalities(cond))}
        return self._updated([self.document_id_class(id_) for id_ in self._there(ids)], steps)

    def remove(self, cond: Any = None, doc_ids: Any = None) -> list[Any]:
        return super().remove(None, self._ids(cond, doc_ids))

    def _updated(self, doc_ids: Iterable[Any], steps: Iterable[tuple[Any, QueryLike]]) -> list[Any]:
        """The ids of the documents that were updated, once for each step that did so."""
        updated: list[Any] = []

        def updater(table: Any) -> None:
            for doc_id in doc_ids:
                for fields, cond in steps:
                    if cond(table[doc_id]):
                        updated.append(doc_id)
                        change = fields if callable(fields) else methodcaller("update", fields)
                        change(table[doc_id])

        self._update_table(updater)
        return updated

    def _there(self, doc_ids: Iterable[Any]) -> list[str]:
        """Those that are there, as text, in the table's order."""
        rows = self._packed.rows
        return sorted({str(doc_id) for doc_id in doc_ids} & rows.keys(), key=lambda id_: number_of(rows[id_]))

    def _ids(self, cond: QueryLike | None, doc_ids: Iterable[Any] | None) -> Iterable[Any] | None:
        """The ids that were named, else of what the condition accepts, else None: TinyDB's own meaning of the two."""
        if doc_ids is not None or cond is None:
            return doc_ids
        return [document.doc_id for document in self._matching(cond)]

    def _matching(self, cond: QueryLike) -> Iterator[Document]:
        ids = list(self._packed.candidates(equalities(cond)))
        for id_, document in self._packed.documents(ids):
            if cond(document):
                yield self._document(id_, document)

    def _document(self, id_: str, fields: Mapping[str, Any]) -> Document:
        return self.document_class(fields, self.document_id_class(id_))

    def _read_table(self) -> PackedView:  # type: ignore[override]  # a mapping that decodes as it is read
        return PackedView(self._packed)

    def _update_table(self, updater: Callable[[Any], None]) -> None:
        overlay = Overlay(self._packed, self.document_id_class)
        updater(overlay)
        self._rows_storage.write_rows(self.name, overlay.changed())


class RecordTable(PackedTable):
    """A store's table, to be asked in TinyDB's words. Its ids are the records' own; only the ledger writes."""

    document_id_class = str  # type: ignore[assignment]  # TinyDB says int, and means any class

    def _get_next_id(self) -> NoReturn:
        self._refuse()

    def _update_table(self, updater: Callable[[Any], None]) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise TypeError(f"table {self.name!r} is written by the ledger alone: give it a batch of changes")
