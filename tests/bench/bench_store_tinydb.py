"""Our TinyDB table beside the stock one, asked and written in TinyDB's own words; ours is durable on return."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tinydb import where

from cmdb.store.tinydb_storage import PackedTinyDB
from tests.bench.figure import Figure
from tests.bench.packages import EACH_HOST, body, host_of, package_id
from tests.bench.rivals import StockTinyDB, median_of

SIZES = (1_000, 100_000)
FILL_BATCH = 10_000


class OurTinyDB:
    """The same table with two indexes."""

    def __init__(self, directory: Path, size: int) -> None:
        self._size = size
        self._db = PackedTinyDB(directory / "ours.db")
        self._table = self._db.table("_default", indexes=["id", "host"])
        for start in range(0, size, FILL_BATCH):
            self._table.insert_multiple(body(n) for n in range(start, min(start + FILL_BATCH, size)))

    def upsert(self, n: int) -> None:
        index = n % self._size
        self._table.upsert(body(index, n + 1), where("id") == package_id(index))

    def batch(self, n: int) -> None:
        ids = [index + 1 for index in host_of(n, self._size)]
        self._table.update({"attributes": {"version": f"1.{n + 1}"}}, doc_ids=ids)

    def get(self, n: int) -> None:
        assert self._table.get(doc_id=n % self._size + 1) is not None

    def host(self, n: int) -> None:
        assert self._table.search(where("host") == f"host-{n % max(1, self._size // EACH_HOST):05}")

    def close(self) -> None:
        self._db.close()


def run() -> list[Figure]:
    figures = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as directory:
            figures += _figures(Path(directory), size)
    return figures


def _figures(directory: Path, size: int) -> list[Figure]:
    figures = []
    with closing(OurTinyDB(directory, size)) as ours, closing(StockTinyDB(directory, size)) as stock:
        asked: dict[str, tuple[Callable[[int], None], Callable[[int], None]]] = {
            "upsert by a query": (ours.upsert, stock.upsert),
            "update of 300": (ours.batch, stock.batch),
            "get by number": (ours.get, stock.get),
            "search of a host": (ours.host, stock.host),
        }
        for what, (our, their) in asked.items():
            mine, theirs = median_of(our, 100).wall_s * 1e3, median_of(their, 3 if size > 10_000 else 30).wall_s * 1e3
            figures.append(Figure(f"TinyDB {what} at {size:,}", mine, "ms", None, stock.name, theirs))
    return figures
