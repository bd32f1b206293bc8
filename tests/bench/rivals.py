"""What the store is measured beside: stock TinyDB, plain SQLite, PostgreSQL. Each as its users would use it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tinydb import TinyDB, where

from cmdb.audit import GENESIS, next_row
from cmdb.store.connection import connect, transaction
from cmdb.store.rows import BatchRows, Row, past_row, place_of, write_batches
from cmdb.store.schema import bring_up_to_date
from cmdb.store.seal import pack, seal
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


class SameRows:
    """What our rows cost SQLite however they were made: those of a batch, what they replace kept beside them."""

    name = "SQLite, the same rows"

    def __init__(self, directory: Path, size: int) -> None:
        self._path, self._size, self._written = directory / "same.db", size, 0
        self._connection = connect(self._path)
        bring_up_to_date(self._connection, self._path)
        with transaction(self._connection):
            self._connection.executemany("INSERT INTO document VALUES (?, ?, ?, ?)", map(self._row, range(size)))
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def rows(self, numbers: Iterable[int], revision: int) -> Sequence[Row]:
        """Of these packages, to be written."""
        return [self._row(n, revision) for n in numbers]

    def write(self, documents: Sequence[Row]) -> None:
        """In one batch, durable on return."""
        self._written += 1
        past = [
            past_row(place_of(self._written, at), kind, "package", id_, sealed)
            for at, (_, kind, id_, sealed) in enumerate(documents)
        ]
        audit = next_row(GENESIS, self._written, datetime.now(UTC), "b", "r", "")
        with transaction(self._connection):
            write_batches(self._connection, [BatchRows(audit, 0, documents, (), past, (), ())])

    def close(self) -> None:
        self._connection.close()
        for left in self._path.parent.glob("same.db*"):
            left.unlink()

    def _row(self, n: int, revision: int = 0) -> Row:
        return n + 1, "ci", package_id(n), seal(pack(body(n, revision)), package_id(n), revision, 0, n + 1)


def median_of(action: Callable[[int], object], times: int) -> Spent:
    """Of so many runs of it, each given its number."""
    each = [spent(lambda n=n: action(n)) for n in range(times)]  # type: ignore[misc]
    return Spent(statistics.median(one.wall_s for one in each), statistics.median(one.cpu_s for one in each))


_TABLES = """
CREATE TABLE document (id bigint PRIMARY KEY, body jsonb);
CREATE TABLE past (place bigserial PRIMARY KEY, id bigint, body jsonb);
CREATE TABLE history (place bigserial PRIMARY KEY, id bigint, attribute text, before jsonb, after jsonb);
CREATE TABLE audit (seq bigserial PRIMARY KEY, at timestamptz, actor text, reason text, summary text)
"""
_BARE_UPSERT = """
\\set n random(1, 100000)
INSERT INTO document VALUES (:n, jsonb_build_object('v', :n + random()))
ON CONFLICT (id) DO UPDATE SET body = document.body || excluded.body;
"""
_UPSERT_WITH_ITS_PAST = """
\\set n random(1, 100000)
WITH was AS (SELECT id, body FROM document WHERE id = :n FOR UPDATE),
  kept AS (INSERT INTO past (id, body) SELECT id, body FROM was),
  told AS (INSERT INTO history (id, attribute, before, after) SELECT id, 'v', body -> 'v', '1' FROM was),
  noted AS (INSERT INTO audit (at, actor, reason, summary) VALUES (now(), 'b', 'r', 'ci'))
UPDATE document SET body = document.body || jsonb_build_object('v', random()) FROM was WHERE document.id = was.id;
"""
# By what of ours each does: ours keeps the version before, a row of history and one of audit with every upsert.
POSTGRES_UPSERTS = {"bare": _BARE_UPSERT, "past, history and audit too": _UPSERT_WITH_ITS_PAST}


def postgres_upsert_ms(clients: Sequence[int]) -> dict[tuple[str, int], float]:
    """Milliseconds an upsert of `pgbench`, by which and by how many clients at once, on a cluster of its own with
    default durability and 100,000 documents; nothing where it is missing."""
    if not POSTGRES or shutil.which("runuser") is None or shutil.which("psql") is None:
        print("PostgreSQL: not measured, it is not installed here")
        return {}
    with tempfile.TemporaryDirectory() as directory:
        shutil.chown(directory, "postgres")
        return _pgbench(Path(directory), POSTGRES[0], clients)


def _pgbench(directory: Path, programs: Path, clients: Sequence[int]) -> dict[tuple[str, int], float]:
    data, script = directory / "data", directory / "upsert.sql"

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
        as_postgres(*psql, _TABLES)
        as_postgres(*psql, f"INSERT INTO document SELECT n, '{rows}'::jsonb FROM generate_series(1, 100000) n")
        bench = (programs / "pgbench", "-h", directory, "-n", "-M", "prepared", "-f", script, "-j", "2")
        found: dict[tuple[str, int], float] = {}
        for name, statement in POSTGRES_UPSERTS.items():
            script.write_text(statement)
            script.chmod(0o644)
            for count in clients:
                said = as_postgres(*bench, "-c", str(count), "-t", str(2000 // count), "postgres")
                found[name, count] = 1000 / _tps(said)
        return found
    finally:
        as_postgres(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")


def _tps(said: str) -> float:
    (line,) = (line for line in said.splitlines() if line.startswith("tps = ") and "including" not in line)
    return float(line.split()[2])


def _plain(n: int, revision: int = 0) -> dict[str, Any]:
    """The document as JSON can hold it."""
    plain: dict[str, Any] = json.loads(json.dumps(body(n, revision), default=str))
    return plain
