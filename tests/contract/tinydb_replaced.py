"""A pytest plugin: `TinyDB` is ours. For running TinyDB's own tests against our table.

Where ours differs on purpose its test has to fail, for the reason given here; `docs/store.md` justifies each.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import tinydb
from tinydb.storages import JSONStorage, MemoryStorage

from cmdb.store.tinydb_storage import PackedTinyDB

_NO_CACHE = "results are copies of their own: there is no query cache"
_NAMES_ITSELF = "repr names PackedTable"
_OWN_STORAGE = "the storage is ours"
DIFFERENCES = {
    "test_tables.py::test_query_cache": _NO_CACHE,
    "test_tables.py::test_query_cache_size": _NO_CACHE,
    "test_tables.py::test_lru_cache": _NO_CACHE,
    "test_tinydb.py::test_search": _NO_CACHE,
    "test_tinydb.py::test_search_path": _NO_CACHE,
    "test_tables.py::test_table_repr": _NAMES_ITSELF,
    "test_tinydb.py::test_access_storage": _OWN_STORAGE,
    "test_tinydb.py::test_storage_access": _OWN_STORAGE,
}
_directory = tempfile.TemporaryDirectory()
_numbers = itertools.count()


class TinyDB(PackedTinyDB):
    """Takes what stock TinyDB takes; in place of its two storages stands ours, in a file of its own."""

    def __init__(self, *args: Any, storage: Any = None, **options: Any) -> None:
        if storage not in (None, JSONStorage, MemoryStorage):
            super().__init__(*args, storage=storage, **options)
        else:
            super().__init__(*(args[:1] or (Path(_directory.name) / f"{next(_numbers)}.sqlite",)))


tinydb.TinyDB = TinyDB  # type: ignore[misc]


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    for item in items:
        name = f"{item.path.name}::{getattr(item, 'originalname', item.name)}"
        if name in DIFFERENCES:
            item.add_marker(pytest.mark.xfail(reason=DIFFERENCES[name], strict=True, raises=AssertionError))


def pytest_unconfigure() -> None:
    _directory.cleanup()
