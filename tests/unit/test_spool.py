"""The spool keeps results in order until the hub has them, through restarts, kills and full disks."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.spool import Spool, keep
from agent.wire import MAX_FRAME_BYTES, CheckResult, Results
from checks.result import Result, State

AT = datetime(2026, 3, 1, tzinfo=UTC)


def change(text: str) -> CheckResult:
    return CheckResult(Result("c/1", AT, State.OK, text), hard=True, attempt=1)


def outputs(spool: Spool, after: int = 0, limit: int = 1000) -> list[str]:
    """What waits, by its text."""
    waiting = [msgspec.msgpack.decode(payload, type=Results) for _, payload in spool.after(after, limit)]
    assert [results.serial for results in waiting] == [serial for serial, _ in spool.after(after, limit)]
    return [results.changes[0].result.output for results in waiting]


def _no_space(*_: object) -> int:
    raise OSError(28, "No space left on device")


def put(spool: Spool, *texts: str) -> list[int]:
    return [spool.append([change(text)]) for text in texts]


def test_what_was_put_in_comes_out_in_order_after_a_restart(tmp_path: Path) -> None:
    assert put(Spool(tmp_path), "a", "b", "c") == [1, 2, 3]
    again = Spool(tmp_path)
    assert outputs(again) == ["a", "b", "c"]
    assert again.waiting == 3
    assert put(again, "d") == [4]


def test_what_the_hub_has_is_forgotten_and_serials_go_on_after_a_restart(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    put(spool, "a", "b")
    spool.forget(2)
    assert spool.waiting == 0
    assert put(Spool(tmp_path), "c") == [3]


def test_a_hub_that_is_ahead_of_a_lost_spool_sets_the_count(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.forget(5000)
    assert put(spool, "new") == [5001]
    assert outputs(spool, 5000) == ["new"]


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    put(spool, *"abcdef")
    assert outputs(spool, 0, 2) == ["a", "b"]
    assert outputs(spool, 2, 2) == ["c", "d"]
    assert outputs(spool, 1, 2) == ["b", "c"]
    put(spool, "g")
    assert outputs(spool, 6) == ["g"]


@pytest.mark.parametrize("cut", [1, 10, 17, 30])
def test_a_torn_last_record_is_cut_off_and_the_rest_kept(tmp_path: Path, cut: int) -> None:
    put(Spool(tmp_path), "kept", "torn")
    (file,) = tmp_path.iterdir()
    os.truncate(file, file.stat().st_size - cut)
    again = Spool(tmp_path)
    assert outputs(again) == ["kept"]
    put(again, "next")
    assert outputs(again) == ["kept", "next"]


def test_a_damaged_record_ends_its_segment(tmp_path: Path) -> None:
    put(Spool(tmp_path), "kept", "hurt")
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[-3] ^= 0xFF
    file.write_bytes(content)
    assert outputs(Spool(tmp_path)) == ["kept"]


def test_over_its_bound_it_drops_the_oldest_and_counts_them(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=8000, segments=4)
    texts = [f"{n:03d} {'x' * 100}" for n in range(200)]
    put(spool, *texts)
    kept = outputs(spool)
    assert kept == texts[-len(kept) :]
    assert spool.dropped == 200 - len(kept) > 0
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 8000 + 2200
    assert outputs(Spool(tmp_path, max_bytes=8000, segments=4)) == kept


def test_confirmed_segments_leave_the_disk(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=8000, segments=4)
    put(spool, *(f"{n} {'x' * 100}" for n in range(40)))
    spool.forget(40)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) == 0
    assert Spool(tmp_path).next_serial == 41


def test_more_than_the_wire_takes_makes_several_messages_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    texts = [f"{number} {'x' * 100_000}" for number in range(100)]
    last = spool.append([change(text) for text in texts])
    sent = spool.after(0, 1000)
    assert (sent[-1][0], spool.next_serial) == (last, last + 1)
    assert max(len(payload) for _, payload in sent) < MAX_FRAME_BYTES
    came = [one for _, payload in sent for one in msgspec.msgpack.decode(payload, type=Results).changes]
    assert [one.result.output for one in came] == texts


def test_one_result_that_is_more_than_may_be_held_is_held_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", _no_space)
        put(spool, "small", "huge" + "x" * 3_000_000)
        (held,) = outputs(spool)
        assert held.startswith("huge")
        assert spool.dropped == 1


def test_a_disk_that_takes_nothing_does_not_silence_the_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    put(spool, "before")
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", _no_space)
        put(spool, "full", "still full")
        assert outputs(spool) == ["before", "full", "still full"]
        spool.forget(2)
    put(spool, "room again")
    assert outputs(spool, 2) == ["still full", "room again"]
    assert outputs(Spool(tmp_path), 2) == ["still full", "room again"]


def test_memory_is_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    monkeypatch.setattr(os, "write", lambda *_: 1)
    put(spool, *(f"{n:03d}{'x' * 100_000}" for n in range(30)))
    kept = outputs(spool)
    assert [text[:3] for text in kept] == [f"{n:03d}" for n in range(30 - len(kept), 30)]
    assert spool.dropped == 30 - len(kept) > 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.just("put"), st.just("restart"), st.integers(0, 6)), max_size=40))
def test_nothing_unconfirmed_is_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str | int]
) -> None:
    directory = tmp_path_factory.mktemp("spool")
    spool, put_in, confirmed = Spool(directory, max_bytes=4000, segments=40), 0, 0
    for step in steps:
        if step == "put":
            put_in += 1
            assert put(spool, str(put_in)) == [put_in]
        elif step == "restart":
            spool = Spool(directory, max_bytes=4000, segments=40)
        else:
            confirmed = min(put_in, confirmed + int(step))
            spool.forget(confirmed)
    assert outputs(spool, confirmed) == [str(n) for n in range(confirmed + 1, put_in + 1)]


def test_what_is_taken_in_can_be_brought_to_the_disk(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    spool = Spool(folder, max_bytes=4000, segments=4)
    put(spool, *(f"{n}" + "x" * 300 for n in range(5)))
    segments = set(folder.glob("*.spool"))
    assert len(segments) > 1
    unkept = spool.unkept()
    assert set(unkept) == {folder, *segments}
    keep(unkept)
    assert not spool.unkept()
    put(spool, "one more")
    (last,) = spool.unkept()
    assert last == max(folder.glob("*.spool"))
    assert set(Spool(folder).unkept()) == {folder, *folder.glob("*.spool")}
    spool.forget(6)
    keep(unkept)  # some are gone by now
