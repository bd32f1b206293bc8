"""What the store is measured beside: stock TinyDB, plain SQLite, PostgreSQL. Each as its users would use it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tinydb import TinyDB, where

from tests.bench.figure import Spent, spent
from tests.bench.packages import EACH_HOST, body, host_of, package_id

POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
_UPSERT = "INSERT INTO document VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body"


class StockTinyDB:
    """TinyDB with its own JSONStorage: the whole file at every read and write."""

    name = "TinyDB JSONStorage"

    def __init__(self, directory: Path, size: int) -> None:
        self._path = directory / "stock.json"
        self._size = size
        self._path.write_text(json.dumps({"_default": {str(n + 1): _plain(n) for n in range(size)}}))
        self._db = TinyDB(self._path)

    def load(self) -> None:
        with TinyDB(self._path) as db:
            assert len(db) == self._size

    def upsert(self, n: int) -> None:
        index = n % self._size
        self._db.upsert(_plain(index, n + 1), where("id") == package_id(index))

    def batch(self, n: int) -> None:
        """A host's documents in one write, by their numbers."""
        ids = [index + 1 for index in host_of(n, self._size)]
        self._db.update({"attributes": {"version": f"1.{n + 1}"}}, doc_ids=ids)

    def get(self, n: int) -> None:
        assert self._db.get(doc_id=n % self._size + 1) is not None

    def host(self, n: int) -> None:
        self._db.clear_cache()
        assert self._db.search(where("host") == f"host-{n % max(1, self._size // EACH_HOST):05}")

    def close(self) -> None:
        self._db.close()
        self._path.unlink()


class PlainSqlite:
    """A table of JSON documents with an index, durable at each commit; no history, no audit, no versions."""

    name = "plain SQLite"

    def __init__(self, directory: Path, size: int) -> None:
        self._path, self._size = directory / "plain.db", size
        self._connection = sqlite3.connect(self._path, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("CREATE TABLE document (id TEXT PRIMARY KEY, host TEXT, body TEXT)")
        self._connection.execute("CREATE INDEX of_host ON document (host)")
        self._write(self._row(n) for n in range(size))
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def load(self) -> None:
        """Every document as its users need it: read."""
        rows = self._connection.execute("SELECT id, body FROM document")
        assert len({id_: json.loads(document) for id_, document in rows}) == self._size

    def upsert(self, n: int) -> None:
        self._connection.execute(_UPSERT, self._row(n * 7919 % self._size, n + 1))

    def batch(self, n: int) -> None:
        self._write(self._row(index, n + 1) for index in host_of(n, self._size))

    def get(self, n: int) -> None:
        id_ = package_id(n * 7919 % self._size)
        found = self._connection.execute("SELECT body FROM document WHERE id = ?", (id_,)).fetchone()
        json.loads(found[0])

    def host(self, n: int) -> None:
        host = f"host-{n % max(1, self._size // EACH_HOST):05}"
        found = self._connection.execute("SELECT body FROM document WHERE host = ?", (host,)).fetchall()
        assert [json.loads(document) for (document,) in found]

    def close(self) -> None:
        self._connection.close()
        for left in self._path.parent.glob("plain.db*"):
            left.unlink()

    def _write(self, rows: Any) -> None:
        self._connection.execute("BEGIN")
        self._connection.executemany(_UPSERT, rows)
        self._connection.execute("COMMIT")

    def _row(self, n: int, revision: int = 0) -> tuple[str, str, str]:
        plain = _plain(n, revision)
        return plain["id"], plain["host"], json.dumps(plain)


def median_of(action: Callable[[int], None], times: int) -> Spent:
    """Of so many runs of it, each given its number."""
    each = [spent(lambda n=n: action(n)) for n in range(times)]  # type: ignore[misc]
    return Spent(statistics.median(one.wall_s for one in each), statistics.median(one.cpu_s for one in each))


def postgres_upsert_ms(clients: Sequence[int]) -> dict[int, float]:
    """Milliseconds an upsert of `pgbench` with so many clients at once, on a cluster of its own with default durability
    and 100,000 documents; nothing where it is missing."""
    if not POSTGRES or shutil.which("runuser") is None or shutil.which("psql") is None:
        print("PostgreSQL: not measured, it is not installed here")
        return {}
    with tempfile.TemporaryDirectory() as directory:
        shutil.chown(directory, "postgres")
        return _pgbench(Path(directory), POSTGRES[0], clients)


def _pgbench(directory: Path, programs: Path, clients: Sequence[int]) -> dict[int, float]:
    data, script = directory / "data", directory / "upsert.sql"
    script.write_text(
        "\\set n random(1, 100000)\n"
        "INSERT INTO document VALUES (:n, jsonb_build_object('v', :n + random()))\n"
        "ON CONFLICT (id) DO UPDATE SET body = document.body || excluded.body;\n"
    )
    script.chmod(0o644)

    def as_postgres(*command: str | Path) -> str:
        done = subprocess.run(
            ["runuser", "-u", "postgres", "--", *map(str, command)],
            capture_output=True,
            text=True,
            check=True,
            cwd=directory,
        )
        return done.stdout

    as_postgres(programs / "initdb", "-D", data, "-A", "trust")
    options = f"-c listen_addresses= -c unix_socket_directories={directory}"
    as_postgres(programs / "pg_ctl", "-D", data, "-o", options, "-l", directory / "log", "-w", "start")
    try:
        rows = json.dumps(_plain(0)).replace("'", "''")
        psql = ("psql", "-h", directory, "-d", "postgres", "-q", "-c")
        as_postgres(*psql, "CREATE TABLE document (id bigint PRIMARY KEY, body jsonb)")
        as_postgres(*psql, f"INSERT INTO document SELECT n, '{rows}'::jsonb FROM generate_series(1, 100000) n")
        bench = (programs / "pgbench", "-h", directory, "-n", "-M", "prepared", "-f", script, "-j", "2")
        said = {count: as_postgres(*bench, "-c", str(count), "-t", str(2000 // count), "postgres") for count in clients}
    finally:
        as_postgres(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    return {count: 1000 / _tps(lines) for count, lines in said.items()}


def _tps(said: str) -> float:
    (line,) = (line for line in said.splitlines() if line.startswith("tps = ") and "including" not in line)
    return float(line.split()[2])


def _plain(n: int, revision: int = 0) -> dict[str, Any]:
    """The document as JSON can hold it."""
    plain: dict[str, Any] = json.loads(json.dumps(body(n, revision), default=str))
    return plain
