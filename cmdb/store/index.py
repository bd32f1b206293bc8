"""One equality index: which documents have this value at this path. Not the documents, and never the last word:
it narrows the candidates, the question is still put to each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

Path = tuple[str, ...]
_UNHASHABLE = object()


def path_of(name: str) -> Path:
    """`attributes.version` reaches into the document."""
    return tuple(name.split("."))


def value_at(document: Mapping[str, Any], path: Path) -> Any:
    """The value there, None where there is none."""
    if len(path) == 1:
        return document.get(path[0])
    value: Any = document
    for part in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


class EqualityIndex:
    """Value → document ids, in the table's order. A value that only one document has costs no container."""

    def __init__(self) -> None:
        self._ids: dict[Any, str | dict[str, None]] = {}
        self._disordered: set[Any] = set()

    def add(self, value: Any, id_: str, *, newest: bool) -> None:
        """`newest`: the document is the last of its table, so the order of ids stays the table's."""
        if type(value) is not str:
            value = _key(value)
        there = self._ids.get(value)
        if there is None:
            self._ids[value] = id_
            return
        if isinstance(there, str):
            there = self._ids[value] = {there: None}
        there[id_] = None
        if not newest:
            self._disordered.add(value)

    def extend(self, values: Sequence[Any], ids: Sequence[str]) -> None:
        """Many new documents, in the table's order: `add` for each, without the calls."""
        of_value = self._ids
        if len(ids) > 1 and values.count(values[0]) == len(ids):  # of one class, in one state: most are alike
            known = of_value.get(key := _key(values[0]))
            alike = of_value[key] = known if isinstance(known, dict) else {} if known is None else {known: None}
            alike.update(dict.fromkeys(ids))
            return
        for value, id_ in zip(values, ids, strict=True):
            key = value if type(value) is str else _key(value)
            there = of_value.get(key)
            if there is None:
                of_value[key] = id_
            elif isinstance(there, str):
                of_value[key] = {there: None, id_: None}
            else:
                there[id_] = None

    def fill(self, value: Any, ids: Mapping[str, object]) -> None:
        """Into an empty index: the one value of all these documents."""
        if ids:
            self._ids[_key(value)] = dict.fromkeys(ids)

    def discard(self, value: Any, id_: str) -> None:
        value = _key(value)
        there = self._ids.get(value)
        if isinstance(there, dict):
            there.pop(id_, None)
        if not there or there == id_:
            self._ids.pop(value, None)
            self._disordered.discard(value)

    def count(self, value: Any) -> int:
        """How many candidates there are at most."""
        return sum(len(ids) for ids in self._candidates(value))

    def candidates(self, value: Any, table_order: Iterable[str]) -> Collection[str]:
        """Every document that may have this value, in the table's order."""
        for key in {_key(value), _UNHASHABLE} & self._disordered:
            self._put_in_order(key, table_order)
        found = self._candidates(value)
        if len(found) <= 1:
            return found[0] if found else ()
        both = {id_ for ids in found for id_ in ids}
        return [id_ for id_ in table_order if id_ in both]

    def unordered(self, values: Iterable[str]) -> Iterator[str]:
        """Every document that may have one of these values, in any order."""
        for value in {*values, _UNHASHABLE}:
            ids = self._ids.get(value)
            if isinstance(ids, str):
                yield ids
            elif ids is not None:
                yield from ids

    def among(self, ids: Iterable[str], value: Any) -> list[str]:
        """Those of these documents that may have this value."""
        those = self._candidates(value)
        return [id_ for id_ in ids if any(id_ in some for some in those)]

    def _candidates(self, value: Any) -> list[Collection[str]]:
        # A value that cannot be hashed may still be equal to one that can (a list to nothing of ours, but who knows).
        keys = {_key(value), _UNHASHABLE}
        found = (self._ids.get(key) for key in keys)
        return [(ids,) if isinstance(ids, str) else ids for ids in found if ids is not None]

    def _put_in_order(self, key: Any, table_order: Iterable[str]) -> None:
        ids = self._ids.get(key)
        if isinstance(ids, dict):
            self._ids[key] = {id_: None for id_ in table_order if id_ in ids}
        self._disordered.discard(key)


def _key(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return _UNHASHABLE
    return value
