"""The cursor stays on its record, whatever happens to the list."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from console.views.window import Window


def window_of(ids: Sequence[str], *, height: int = 5, matched: int | None = None, offset: int = 0) -> Window:
    window = Window()
    window.resize(height)
    fill(window, ids, matched=matched, offset=offset)
    return window


def fill(window: Window, ids: Sequence[str], *, matched: int | None = None, offset: int = 0) -> None:
    count = len(ids) if matched is None else matched
    window.take(total=count, matched=count, offset=offset, ids=ids, rows={id_: {"id": id_} for id_ in ids})


def test_the_cursor_goes_with_its_record() -> None:
    window = window_of("abcde")
    window.move_to(2)
    fill(window, "xycabde")
    assert (window.cursor, window.cursor_id) == (2, "c")
    fill(window, "xyabdec")
    assert (window.cursor, window.cursor_id) == (6, "c")


def test_until_it_is_moved_the_cursor_is_at_the_top() -> None:
    window = window_of("abc")
    fill(window, "xabc")
    assert (window.cursor, window.cursor_id) == (0, "x")


def test_rows_that_come_above_leave_the_cursor_on_its_line_of_the_screen() -> None:
    window = window_of([f"{n:02}" for n in range(20)])
    window.move_to(10)
    line = window.cursor - window.top
    fill(window, ["new", *(f"{n:02}" for n in range(20))])
    assert (window.cursor_id, window.cursor - window.top) == ("10", line)


def test_a_record_that_moved_out_of_the_window_is_asked_for_and_one_that_is_gone_leaves_its_place() -> None:
    window = window_of("abcde")
    window.move_to(2)
    fill(window, "abde")
    assert window.lost
    assert window.cursor_id == "c"
    window.settle()
    assert (window.cursor, window.cursor_id) == (2, "d")


def test_only_rows_that_are_seen_and_not_loaded_are_asked_for() -> None:
    window = window_of([str(n) for n in range(25)], matched=100_000)
    assert window.missing() is None
    window.move_to(50_000)
    offset, limit = window.missing() or (0, 0)
    assert offset <= window.top
    assert window.top + window.height <= offset + limit
    fill(window, [str(n) for n in range(offset, offset + limit)], matched=100_000, offset=offset)
    assert window.missing() is None


def test_marks_are_kept_by_id() -> None:
    window = window_of("abc")
    window.toggle_mark()
    fill(window, "cba")
    assert set(window.marked) == {"a"}
    assert window.cursor_id == "b"


def test_a_mark_drops_when_its_record_vanishes_and_stays_where_it_only_is_not_shown() -> None:
    window = window_of("abc")
    window.toggle_mark()
    window.take(total=9, matched=2, offset=0, ids=("b", "c"), rows={"b": {"id": "b"}, "c": {"id": "c"}})
    assert (set(window.marked), window.hidden_marks) == ({"a"}, {"a"})
    fill(window, "bc")
    assert window.marked == {}


def test_all_that_match_are_marked_and_then_none() -> None:
    window = window_of("abc")
    window.toggle_mark()
    window.mark_all({"b": {"id": "b"}, "c": {"id": "c"}})
    assert set(window.marked) == {"a", "b", "c"}
    window.mark_all({"b": {"id": "b"}, "c": {"id": "c"}})
    assert window.marked == {}


@given(
    before=st.lists(st.sampled_from("abcdefghijklmnop"), unique=True, min_size=1),
    after=st.lists(st.sampled_from("abcdefghijklmnop"), unique=True),
    moves=st.lists(st.integers(-20, 20), max_size=5),
    height=st.integers(1, 8),
)
def test_the_cursor_is_always_seen_and_inside(
    before: list[str], after: list[str], moves: list[int], height: int
) -> None:
    window = window_of(before, height=height)
    for steps in moves:
        window.move(steps)
    held = window.cursor_id
    fill(window, after)
    assert 0 <= window.cursor <= max(0, window.matched - 1)
    assert window.top <= window.cursor < window.top + height
    if moves and held in after:
        assert window.cursor_id == held
