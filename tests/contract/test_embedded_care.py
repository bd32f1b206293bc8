"""Schema, backup, restore, doctor: what an administrator does with the database."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cmdb.model.kind import Kind
from cmdb.store.backup import back_up, restore, verified_backup
from cmdb.store.connection import connect
from cmdb.store.embedded import EmbeddedStore
from cmdb.store.examine import examine
from cmdb.store.protocol import Difference, StoreDamaged, StoreError, StoreTaken, Write
from cmdb.store.schema import MIGRATIONS, bring_up_to_date
from tests.contract.batches import at, batch, gone, host


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "state" / "watchdeck.db"


async def filled(database: Path, count: int = 30) -> EmbeddedStore:
    store = await EmbeddedStore.open(database)
    for n in range(count):
        row = Difference(Kind.CI, f"h{n}", "name", None, "x")
        await store.commit(batch(host(f"h{n}"), minutes=n, differences=(row,)))
    await store.commit(batch(host("h1", name="renamed"), gone("h2"), minutes=count))
    return store


# Backup and restore


async def test_a_backup_is_made_while_batches_are_written(database: Path, tmp_path: Path) -> None:
    store = await filled(database)
    backing_up = asyncio.create_task(asyncio.to_thread(back_up, database, tmp_path / "backup.db"))
    written = 0
    while not backing_up.done():
        await store.commit(batch(host(f"during-{written}")))
        written += 1
    held = await backing_up
    await store.close()
    assert 31 <= held.seq <= 31 + written
    assert held == verified_backup(tmp_path / "backup.db")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.db", "state"]


async def test_a_restored_database_is_what_it_was(database: Path, tmp_path: Path) -> None:
    store = await filled(database)
    expected = (await store.find(Kind.CI), await store.history(), await store.audit())
    await asyncio.to_thread(back_up, database, tmp_path / "backup.db")
    await store.commit(batch(gone("h1"), gone("h3")))
    await store.close()
    held = restore(tmp_path / "backup.db", database)
    assert (held.seq, held.documents, held.path) == (31, 29, str(database))
    store = await EmbeddedStore.open(database)
    assert (await store.find(Kind.CI), await store.history(), await store.audit()) == expected
    await store.commit(batch(host("after")))
    await store.close()
    kept = await EmbeddedStore.open(database.with_name("watchdeck.db.before-restore"))
    assert kept.seq == 32
    await kept.close()


async def test_nothing_is_restored_under_a_running_store(database: Path, tmp_path: Path) -> None:
    store = await filled(database)
    await asyncio.to_thread(back_up, database, tmp_path / "backup.db")
    with pytest.raises(StoreTaken):
        restore(tmp_path / "backup.db", database)
    await store.close()


async def test_a_backup_restores_into_an_empty_directory(database: Path, tmp_path: Path) -> None:
    store = await filled(database)
    await store.close()
    back_up(database, tmp_path / "backup.db")
    elsewhere = tmp_path / "elsewhere" / "watchdeck.db"
    restore(tmp_path / "backup.db", elsewhere)
    store = await EmbeddedStore.open(elsewhere)
    assert store.seq == 31
    await store.close()


async def test_a_backup_of_a_newer_schema_is_refused_and_nothing_is_touched(database: Path, tmp_path: Path) -> None:
    store = await filled(database)
    await store.close()
    backup = tmp_path / "backup.db"
    back_up(database, backup)
    with closing(sqlite3.connect(backup)) as newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreDamaged, match="has schema 99, this Watchdeck knows up to"):
        restore(backup, database)
    store = await EmbeddedStore.open(database)
    assert store.seq == 31
    await store.close()


@pytest.mark.parametrize("content", [b"", b"text" * 5000])
async def test_what_is_no_backup_is_refused(database: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "backup.db").write_bytes(content)
    with pytest.raises(StoreDamaged, match=r"backup\.db"):
        restore(tmp_path / "backup.db", database)
    with pytest.raises(StoreDamaged, match="is not there"):
        restore(tmp_path / "nothing.db", database)


async def test_a_damaged_backup_is_refused(database: Path, tmp_path: Path) -> None:
    store = await filled(database)
    await store.close()
    backup = tmp_path / "backup.db"
    back_up(database, backup)
    content = backup.read_bytes()
    backup.write_bytes(content.replace(b"renamed", b"rename!", 1))
    with pytest.raises(StoreDamaged):
        restore(backup, database)


async def test_an_existing_file_is_not_overwritten_by_a_backup(database: Path, tmp_path: Path) -> None:
    store = await filled(database)
    (tmp_path / "backup.db").write_text("precious")
    with pytest.raises(StoreError, match="is there already"):
        back_up(database, tmp_path / "backup.db")
    assert (tmp_path / "backup.db").read_text() == "precious"
    await store.close()


def test_a_backup_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        back_up(tmp_path / "nothing.db", tmp_path / "backup.db")
    assert not (tmp_path / "backup.db").exists()


# Schema


async def test_an_older_schema_is_led_forward_and_keeps_its_records(database: Path) -> None:
    store = await filled(database)
    await store.close()
    later = (*MIGRATIONS, "ALTER TABLE head ADD COLUMN note TEXT NOT NULL DEFAULT '';\nUPDATE head SET note = 'moved';")
    with closing(connect(database)) as connection:
        bring_up_to_date(connection, database, later)
        bring_up_to_date(connection, database, later)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(later),)
        assert connection.execute("SELECT seq, note FROM head").fetchone() == (31, "moved")


async def test_a_step_forward_that_fails_changes_nothing(database: Path) -> None:
    store = await filled(database)
    await store.close()
    broken = (*MIGRATIONS, "ALTER TABLE head ADD COLUMN note TEXT;\nINSERT INTO nowhere VALUES (1);")
    with closing(connect(database)) as connection, pytest.raises(StoreError, match="nowhere"):
        bring_up_to_date(connection, database, broken)
    store = await EmbeddedStore.open(database)
    assert store.seq == 31
    await store.close()


# Doctor


async def test_a_sound_database_gives_sizes_and_no_findings(database: Path) -> None:
    store = await filled(database)
    found = await asyncio.to_thread(examine, database)
    await store.close()
    assert found.findings == ()
    assert found.seq == 31
    assert found.sizes is not None
    assert found.sizes.records == {"ci": 29}
    rows = {table: count for table, count in found.sizes.rows.items() if table != "fulltext"}
    assert rows == {"document": 29, "past": 2, "history": 30, "audit": 31}
    assert found.sizes.log_bytes > 0
    assert found.sizes.free_bytes > 0


async def test_orphans_are_counted_and_named(database: Path) -> None:
    store = await filled(database)
    relation = Write(Kind.RELATION, "r1", {"source": "h1", "type": "runs_on", "target": "nobody"})
    checks = [Write(Kind.CHECK, f"c{n}", {"ci": "gone", "agent": None, "state": "ok"}) for n in range(8)]
    await store.commit(batch(relation, *checks, minutes=40))
    found = await asyncio.to_thread(examine, database)
    await store.close()
    assert [(finding.level, finding.what, finding.why) for finding in found.findings] == [
        ("warning", "1 records of kind relation", "name a ci as target that is not there: r1"),
        ("warning", "8 records of kind check", "name a ci as ci that is not there: c0, c1, c2, c3, c4, …"),
    ]


SPOILED = {
    "UPDATE audit SET actor = 'mallory' WHERE seq = 5": "audit row 5",
    "UPDATE history SET change = x'00' WHERE seq = 5": "history row 0 of batch 5",
    "UPDATE past SET body = zeroblob(100) WHERE id = 'h1'": "ci h1",
    "UPDATE document SET body = zeroblob(100) WHERE id = 'h4'": "watchdeck.db",
    "DELETE FROM document WHERE id = 'h4'": "watchdeck.db",
}


@pytest.mark.parametrize(("statement", "named"), SPOILED.items())
async def test_what_is_broken_is_named(database: Path, statement: str, named: str) -> None:
    store = await filled(database)
    await store.close()
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute(statement)
    errors = [finding for finding in examine(database).findings if finding.level == "error"]
    assert len(errors) == 1
    assert named in errors[0].what


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "watchdeck.db").write_bytes(b"no database" * 1000)
    found = examine(tmp_path / "watchdeck.db")
    assert found.sizes is None
    assert [finding.level for finding in found.findings] == ["error"]


async def test_the_past_is_read_while_the_doctor_looks(database: Path) -> None:
    store = await filled(database)
    looking = asyncio.create_task(asyncio.to_thread(examine, database))
    assert len(await store.find(Kind.CI, at=at(3))) == 4
    assert (await looking).findings == ()
    await store.close()
