"""What checks went through and measured is kept once, added up, and forgotten when it is old."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checks.rollup import rolled
from cmdb.series.file import SeriesFile
from cmdb.series.keep import Keep
from cmdb.series.measured import Measured
from cmdb.series.transition import Transition
from cmdb.store.protocol import StoreError

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LATER = START + timedelta(days=1)


@pytest.fixture
async def series(tmp_path: Path) -> AsyncIterator[SeriesFile]:
    series = await SeriesFile.open(tmp_path / "series.db")
    yield series
    await series.close()


def measured(minute: int, *values: float, check: str = "web/load", metric: str = "load1") -> Measured:
    rollup = rolled(START + timedelta(minutes=minute), values)
    assert rollup is not None
    return Measured(check, metric, "", rollup)


def transition(minute: int, state: str, **fields: object) -> Transition:
    given = {"check": "web/load", "at": START + timedelta(minutes=minute), "state": state} | fields
    return Transition(**given)  # type: ignore[arg-type]


async def test_minutes_add_up_to_hours_and_days(series: SeriesFile) -> None:
    for minute in range(120):
        await series.take("agent", minute + 1, [], [measured(minute, float(minute), 0.0)])
    (minutes,) = await series.series("web/load", "1m", START, LATER)
    (hours,) = await series.series("web/load", "1h", START, LATER)
    (days,) = await series.series("web/load", "1d", START - timedelta(days=1), LATER)
    assert len(minutes.points) == 120
    assert [(point.count, point.minimum, point.maximum, point.last) for point in hours.points] == [
        (120, 0.0, 59.0, 0.0), (120, 0.0, 119.0, 0.0),
    ]  # fmt: skip
    (day,) = days.points
    assert (day.count, day.total, day.start) == (240, sum(range(120)), datetime(2026, 3, 2, tzinfo=UTC))
    assert sum(day.buckets.values()) == 240


async def test_what_is_told_in_two_parts_is_one_minute(series: SeriesFile) -> None:
    await series.take("agent", 1, [], [measured(0, 1.0), measured(0, 5.0, 3.0)])
    ((point,),) = [one.points for one in await series.series("web/load", "1m", START, LATER)]
    assert (point.count, point.mean, point.last) == (3, 3.0, 3.0)


async def test_a_message_that_is_told_again_counts_once(series: SeriesFile) -> None:
    for _ in range(2):
        await series.take("agent", 7, [transition(0, "critical")], [measured(0, 1.0)])
    await series.take("another", 7, [], [measured(0, 1.0)])
    ((point,),) = [one.points for one in await series.series("web/load", "1m", START, LATER)]
    assert point.count == 2
    assert len(await series.transitions("web/load", START, LATER, 10)) == 1


async def test_transitions_are_read_newest_first_by_when_they_were_found(series: SeriesFile) -> None:
    await series.note([transition(0, "ok"), transition(9, "unknown", reason="no_data")])
    await series.take("agent", 1, [transition(3, "critical", hard=False, result={"phases": {"dns": 0.1}})], [])
    found = await series.transitions("web/load", START, LATER, 10)
    assert [one.state for one in found] == ["unknown", "critical", "ok"]
    assert found[1].result == {"phases": {"dns": 0.1}}
    assert [one.state for one in await series.transitions("web/load", START, LATER, 1)] == ["unknown"]
    assert (await series.latest())["web/load"].state == "critical", "the last that was told"


async def test_what_was_taken_is_there_after_a_restart(series: SeriesFile, tmp_path: Path) -> None:
    await asyncio.gather(*(series.take("agent", n, [transition(n, "warning")], []) for n in range(1, 30)))
    await series.close()
    again = await SeriesFile.open(tmp_path / "series.db")
    assert len(await again.transitions("web/load", START, LATER, 100)) == 29
    await again.close()


async def test_the_old_is_forgotten_by_its_own_age(series: SeriesFile) -> None:
    await series.take("agent", 1, [transition(0, "critical")], [measured(0, 1.0), measured(0, 2.0, check="db/load")])
    keep = Keep(minutes=timedelta(hours=1), hours=timedelta(days=2), days=timedelta(days=9), transitions=timedelta(9))
    since = START - timedelta(days=1)
    await series.forget(keep, START + timedelta(hours=2))
    assert await series.series("web/load", "1m", since, LATER) == []
    assert len(await series.series("web/load", "1h", since, LATER)) == 1
    await series.forget(keep, START + timedelta(days=3))
    assert await series.series("web/load", "1h", since, LATER) == []
    assert len(await series.series("db/load", "1d", since, LATER)) == 1
    await series.forget(keep, START + timedelta(days=20))
    assert await series.series("web/load", "1d", since, LATER) == []
    assert await series.latest() == {}


async def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "series.db"
    path.write_bytes(b"this is no database" * 400)
    series = await SeriesFile.open(path)
    await series.note([transition(0, "ok")])
    await series.close()
    assert path.with_name("series.db.damaged").exists()


async def test_what_cannot_be_written_is_said(series: SeriesFile) -> None:
    class Odd:
        pass

    with pytest.raises(TypeError):
        await series.note([transition(0, "ok", result={"odd": Odd()})])
    await series.note([transition(1, "ok")])
    await series.close()
    with pytest.raises(StoreError, match="has been closed"):
        await series.note([transition(2, "ok")])
