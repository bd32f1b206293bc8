"""A packed table as the dictionaries that TinyDB expects: one to read, one to change. Neither copies the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from cmdb.store.packed import PackedRows
from cmdb.store.seal import SEAL_BYTES, pack

Fields = dict[str, Any]


class PackedView(Mapping[str, Fields]):
    """id as text → document, decoded as it is read."""

    def __init__(self, packed: PackedRows) -> None:
        self.packed = packed

    def __getitem__(self, id_: str) -> Fields:
        return self.packed.document(id_)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.packed.rows))

    def __len__(self) -> int:
        return len(self.packed)


class Overlay(MutableMapping[Any, Fields]):
    """Document id → document. What was read may have been changed in place, so it is compared at the end."""

    def __init__(self, packed: PackedRows, id_class: type) -> None:
        self._packed = packed
        self._id_class = id_class
        self._touched: dict[str, Fields | None] = {}  # None: removed

    def changed(self) -> dict[str, Fields | None]:
        """Text id → document as it is to be, None where it is to go; nothing that is as it was."""
        return {id_: document for id_, document in self._touched.items() if self._differs(id_, document)}

    def __getitem__(self, doc_id: Any) -> Fields:
        id_ = self._text(doc_id)
        if id_ not in self._touched:
            self._touched[id_] = self._packed.document(id_)
        document = self._touched[id_]
        if document is None:
            raise KeyError(doc_id)
        return document

    def __setitem__(self, doc_id: Any, document: Fields) -> None:
        self._touched[self._text(doc_id)] = document

    def __delitem__(self, doc_id: Any) -> None:
        if doc_id not in self:
            raise KeyError(doc_id)
        self._touched[self._text(doc_id)] = None

    def __contains__(self, doc_id: object) -> bool:
        try:
            id_ = self._text(doc_id)
        except KeyError:
            return False
        return self._touched[id_] is not None if id_ in self._touched else id_ in self._packed.rows

    def __iter__(self) -> Iterator[Any]:
        there = [id_ for id_ in self._packed.rows if self._touched.get(id_, ()) is not None]
        new = [id_ for id_, document in self._touched.items() if document is not None and id_ not in self._packed.rows]
        return map(self._id_class, [*there, *new])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        self._touched = dict.fromkeys(self._packed.rows)

    def _text(self, doc_id: Any) -> str:
        """The id as it is kept; `KeyError` for what no document can have as its id (the text "1" for the number 1)."""
        try:
            known: Any = self._id_class(doc_id)
        except (TypeError, ValueError):
            raise KeyError(doc_id) from None
        if known != doc_id:
            raise KeyError(doc_id)
        return str(known)

    def _differs(self, id_: str, document: Fields | None) -> bool:
        there = self._packed.rows.get(id_)
        if there is None or document is None:
            return there is not None or document is not None
        return pack(document) != there[:-SEAL_BYTES]
