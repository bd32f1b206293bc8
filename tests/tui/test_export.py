"""A list as text for other programs."""

from __future__ import annotations

import csv
import io
import json

from console.views.cells import field
from console.views.columns import Column
from console.views.export import as_csv, as_json, as_markdown
from console.views.moment import Moment
from tests.support.hub import START

COLUMNS = [Column("NAME", field("name"), 4), Column("SIZE", field("size"), 4, right=True)]
ROWS: list[dict[str, object]] = [
    {"id": "1", "name": 'a "long" name, with | and a comma', "size": 1, "at": START},
    {"id": "2", "name": "=1+1"},
]


def test_csv_is_whole_and_holds_no_formula() -> None:
    read = list(csv.reader(io.StringIO(as_csv(COLUMNS, ROWS, Moment(START)))))
    assert read == [["NAME", "SIZE"], ['a "long" name, with | and a comma', "1"], ["'=1+1", "–"]]


def test_markdown_is_a_table() -> None:
    lines = as_markdown(COLUMNS, ROWS, Moment(START)).splitlines()
    assert lines[:2] == ["| NAME | SIZE |", "| :-- | --: |"]
    assert "\\|" in lines[2]


def test_json_has_every_field() -> None:
    assert json.loads(as_json(COLUMNS, ROWS, Moment(START)))[0]["at"] == "2026-03-02T12:00:00Z"
