"""What the store is measured beside: stock TinyDB, plain SQLite, PostgreSQL. Each as its users would use it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from tinydb import TinyDB, where

from tests.bench.packages import body, package_id

POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
_UPSERT = "INSERT INTO document VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body"


def stock_upsert_ms(directory: Path, size: int, count: int = 3) -> float:
    """TinyDB with its own JSONStorage: the whole file at every write."""
    path = directory / "stock.json"
    path.write_text(json.dumps({"_default": {str(n + 1): _plain(n) for n in range(size)}}))
    with TinyDB(path) as db:
        spent = []
        for n in range(count):
            began = time.perf_counter()
            db.upsert(_plain(n, 1), where("id") == package_id(n))
            spent.append((time.perf_counter() - began) * 1e3)
    path.unlink()
    return statistics.median(spent)


def sqlite_upsert_ms(directory: Path, size: int, count: int = 300) -> float:
    """A table of JSON documents, one upsert a transaction, durable on return; no history, no audit, no versions."""
    path = directory / "plain.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE document (id TEXT PRIMARY KEY, body TEXT)")
        connection.execute("BEGIN")
        connection.executemany(_UPSERT, ((package_id(n), json.dumps(_plain(n))) for n in range(size)))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        spent = []
        for n in range(count):
            index = n * 7919 % size
            began = time.perf_counter()
            connection.execute(_UPSERT, (package_id(index), json.dumps(_plain(index, n + 1))))
            spent.append((time.perf_counter() - began) * 1e3)
    for left in directory.glob("plain.db*"):
        left.unlink()
    return statistics.median(spent)


def postgres_upsert_ms() -> float | None:
    """Of `pgbench` on a cluster of its own with default durability, 100,000 documents; None where it is missing."""
    if not POSTGRES or shutil.which("runuser") is None or shutil.which("psql") is None:
        print("PostgreSQL: not measured, it is not installed here")
        return None
    with tempfile.TemporaryDirectory() as directory:
        shutil.chown(directory, "postgres")
        return _pgbench(Path(directory), POSTGRES[0])


def _pgbench(directory: Path, programs: Path) -> float:
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
        said = as_postgres(
            programs / "pgbench", "-h", directory, "-n", "-M", "prepared", "-f", script, "-t", "1000", "postgres"
        )
    finally:
        as_postgres(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    (latency,) = (line for line in said.splitlines() if line.startswith("latency average"))
    return float(latency.split()[-2])


def _plain(n: int, revision: int = 0) -> dict[str, Any]:
    """The document as JSON can hold it."""
    plain: dict[str, Any] = json.loads(json.dumps(body(n, revision), default=str))
    return plain
