"""What was discovered cannot break the screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.views.columns import Column, place
from console.views.document import wrap_line
from console.views.ink import Ink, plain, text
from console.views.text import clean, fit, fit_line
from console.views.trouble import title_of

HOSTILE = {
    "\x1b[31mred\x1b[0m": "[31mred[0m",
    "\x1b]0;title\x07name": "]0;titlename",
    "\x9b31mC1": "31mC1",
    "line\nbreak\ttab\rreturn": "line break tab return",
    "a\u202egnp.exe": "agnp.exe",
    "\u0301mark": "mark",
    "zero\u200bwidth": "zerowidth",
    "del\x7f": "del",
}


@pytest.mark.parametrize(("hostile", "shown"), HOSTILE.items())
def test_control_and_format_characters_are_gone(hostile: str, shown: str) -> None:
    assert clean(hostile) == shown


def test_a_heap_of_marks_is_cut() -> None:
    assert len(clean("a" + "\u0301\u0302\u0303\u0304\u0305" * 20)) <= 3


@given(st.text(), st.integers(0, 40), st.booleans())
def test_any_text_takes_exactly_its_cells(content: str, cells: int, right: bool) -> None:
    shown = clean(content)
    assert shown.isprintable()
    assert cell_len(fit(shown, cells, right=right)) == cells
    assert cell_len(plain(fit_line(text(shown), cells, right=right))) == cells


@given(st.lists(st.tuples(st.text(max_size=8).map(clean), st.sampled_from(Ink)), max_size=5), st.integers(0, 30))
def test_a_line_of_several_pieces_takes_exactly_its_cells(pieces: list[tuple[str, Ink]], cells: int) -> None:
    assert cell_len(plain(fit_line(tuple(pieces), cells))) == cells


@given(st.text(alphabet="ab cd日本é", max_size=60), st.integers(2, 20))
def test_wrapped_text_fits_and_loses_no_letter(content: str, cells: int) -> None:
    lines = [plain(line) for line in wrap_line(text(content), cells)]
    assert all(cell_len(line) <= cells for line in lines)
    assert "".join("".join(lines).split()) == "".join(content.split())


def _column(title: str, width: int, least: int = 0, rank: int = 0, grow: int = 0) -> Column:
    return Column(title, lambda _row, _moment: text(title), width, least, rank, grow)


def test_columns_fall_away_by_rank_and_the_rest_fills_the_width() -> None:
    columns = [_column("A", 10, grow=1), _column("B", 10, 5, rank=1), _column("C", 10, rank=2)]
    assert [placed.column.title for placed in place(columns, 60)] == ["A", "B", "C"]
    assert sum(placed.width for placed in place(columns, 60)) + 4 == 60
    assert [placed.column.title for placed in place(columns, 24)] == ["A", "B"]
    assert [placed.column.title for placed in place(columns, 8)] == ["A"]


def test_what_grows_is_squeezed_before_what_must_stay_falls_away() -> None:
    columns = [_column("STATE", 4), _column("NUMBER", 8), _column("WHAT", 28, 17, grow=1), _column("DUE", 8, rank=1)]
    fits = {cells: [(placed.column.title, placed.width) for placed in place(columns, cells)] for cells in (33, 24, 23)}
    assert fits == {
        33: [("STATE", 4), ("NUMBER", 8), ("WHAT", 17)],
        24: [("STATE", 4), ("NUMBER", 8), ("WHAT", 8)],
        23: [("STATE", 4), ("NUMBER", 8)],
    }


@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.integers(0, 30), st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=9
    ),
    st.integers(1, 200),
)
def test_columns_never_take_more_than_there_is(given_columns: list[tuple[int, int, int, int]], cells: int) -> None:
    columns = [_column("X", w, min(least, w), rank, grow) for w, least, rank, grow in given_columns]
    placed = place(columns, cells)
    assert placed
    assert sum(one.width for one in placed) + 2 * (len(placed) - 1) <= cells


@pytest.mark.parametrize(
    ("title", "name", "host", "said"),
    [
        ("/var on web-1: 97% used", "/var", "web-1", "97% used"),
        ("web-1: load 9", "web-1", "web-1", "load 9"),
        ("/var of another: full", "/var", "web-1", "/var of another: full"),
        ("replica lags", "", "", "replica lags"),
    ],
)
def test_a_title_does_not_say_again_what_stands_beside_it(title: str, name: str, host: str, said: str) -> None:
    assert title_of({"title": title, "ci_name": name, "host_name": host}) == said
