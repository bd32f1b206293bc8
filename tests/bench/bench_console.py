"""The console's table beside Textual's DataTable at 100, 10,000 and 100,000 rows, and what the cell layer saves."""

from __future__ import annotations

import asyncio
import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from console.output.updates import CellUpdates
from console.views.ink import plain
from console.views.moment import Moment
from console.views.trouble import CHECKS
from console.views.window import Window
from console.widgets.table import Empty, Table
from tests.bench.figure import Figure
from tests.support.hub import START

SIZE = (120, 40)
PAGES = 200
COUNTED_PAGES = 30
UPDATED_ROWS = 16
LOADED = 200  # rows of the window that the hub sends
ROOT = Path(__file__).parents[2]


def run() -> Sequence[Figure]:
    figures: list[Figure] = []
    for rows in (100, 10_000, 100_000):
        ours, theirs = asyncio.run(_ours(rows)), asyncio.run(_theirs(rows))
        figures += [
            Figure(
                f"table of {rows:,}: {what}", ours[key] * 1e3, "ms", competitor="DataTable", theirs=theirs[key] * 1e3
            )
            for key, what in _TIMES.items()
        ]
        figures.append(
            Figure(
                f"table of {rows:,}: bytes a page", ours["cells"], "B", competitor="stock output", theirs=ours["stock"]
            )
        )
    return figures + _start()


_TIMES = {
    "fill": "filled",
    "page": "page down p50",
    "page99": "page down p99",
    "update": f"{UPDATED_ROWS} rows changed",
}


def _row(number: int) -> dict[str, Any]:
    state = ("ok", "ok", "ok", "warning", "critical")[number % 5]
    name = f"host-{number:06}"
    return {
        "id": f"{name}/load", "ci": name, "ci_name": name, "host_name": name, "type": "load", "state": state,
        "hard": True, "since": START, "last_result_at": START, "output": f"load {number % 700 / 100} on 8 processors",
    }  # fmt: skip


class _Timed(App[None]):
    """Knows when it drew last, and counts what would have been written: by Textual, and by the cell layer."""

    def __init__(self) -> None:
        super().__init__()
        self.updates = CellUpdates()
        self.stock_bytes = self.cell_bytes = 0
        self.counting = False
        self.drawn_at = 0.0

    def _display(self, screen: Any, renderable: Any) -> None:
        super()._display(screen, renderable)
        self.drawn_at = time.perf_counter()
        if self.counting and hasattr(renderable, "render_segments"):
            self.stock_bytes += len(renderable.render_segments(self.console).encode())
            self.cell_bytes += len(self.updates.sequence(renderable, self.console, self.size).encode())


class _Ours(_Timed):
    def compose(self) -> ComposeResult:
        yield Table(lambda: Moment(START))


class _Theirs(_Timed):
    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")


async def _ours(rows: int) -> dict[str, float]:
    app = _Ours()
    async with app.run_test(size=SIZE) as pilot:
        table, window = app.query_one(Table), Window()

        def load(offset: int) -> None:
            """The window as the hub would send it."""
            held = {row["id"]: row for row in map(_row, range(offset, min(rows, offset + LOADED)))}
            window.take(total=rows, matched=rows, offset=offset, ids=tuple(held), rows=held)
            table.changed()

        def page(steps: int) -> None:
            table.move_page(steps)
            if (missing := window.missing()) is not None:
                load(missing[0])

        def fill() -> None:
            table.show(CHECKS.columns, window, Empty(""))
            load(0)

        return await _measured(app, pilot, fill, page, lambda: load(window.offset))


async def _theirs(rows: int) -> dict[str, float]:
    app = _Theirs()
    async with app.run_test(size=SIZE) as pilot:
        table: DataTable[str] = app.query_one(DataTable)
        moment = Moment(START)

        def cells(number: int) -> list[str]:
            return [plain(column.render(_row(number), moment)) for column in CHECKS.columns]

        def fill() -> None:
            keys = table.add_columns(*(column.title for column in CHECKS.columns))
            del keys
            for number in range(rows):
                table.add_row(*cells(number), key=str(number))

        def page(steps: int) -> None:
            (table.action_page_down if steps > 0 else table.action_page_up)()

        def update() -> None:
            columns = list(table.columns)
            for number in range(UPDATED_ROWS):
                table.update_cell(str(number), columns[4], f"load {time.monotonic():.3f}")

        return await _measured(app, pilot, fill, page, update)


async def _measured(
    app: _Timed, pilot: Any, fill: Callable[[], object], page: Callable[[int], object], update: Callable[[], object]
) -> dict[str, float]:
    """Seconds from the call until the screen is drawn; bytes in a second round, since counting takes time."""
    gc.collect()
    gc.freeze()  # as `run_console` does; what the one before left behind is not this one's to look through
    filled_s = await _seconds(app, pilot, fill)
    pages = sorted([await _seconds(app, pilot, partial(page, 1 if turn % 3 else -1)) for turn in range(PAGES)])
    updated_s = statistics.median([await _seconds(app, pilot, update) for _ in range(10)])
    app.counting = True
    for turn in range(COUNTED_PAGES):
        await _seconds(app, pilot, partial(page, 1 if turn % 3 else -1))
    return {
        "fill": filled_s,
        "page": statistics.median(pages),
        "page99": pages[int(PAGES * 0.99)],
        "update": updated_s,
        "stock": app.stock_bytes / COUNTED_PAGES,
        "cells": max(1.0, app.cell_bytes / COUNTED_PAGES),
    }


async def _seconds(app: _Timed, pilot: Any, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    await pilot.pause()
    return max(app.drawn_at, began) - began


_START = """
import asyncio, pathlib, re, tempfile, time
began = time.process_time()
from cmdb.locations import Locations
from console.app import Console
async def main():
    console = Console(Locations(pathlib.Path(tempfile.mkdtemp())))
    async with console.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        took_s = time.process_time() - began
    print(took_s, re.search(r"VmRSS:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
asyncio.run(main())
"""


def _start() -> list[Figure]:
    """Process start to first frame, without a hub."""
    runs = [_started() for _ in range(5)]
    first_frame_s, memory_kib = (statistics.median(run[number] for run in runs) for number in (0, 1))
    return [
        Figure("console: processor time to the first frame", first_frame_s * 1e3, "ms"),
        Figure("console: resident without a hub", memory_kib / 1024, "MiB"),
    ]


def _started() -> list[float]:
    done = subprocess.run([sys.executable, "-c", _START], cwd=ROOT, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]
