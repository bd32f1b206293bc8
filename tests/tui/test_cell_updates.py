"""What the cell-diff layer writes shows the same as what Textual would have written, cell by cell, with fewer bytes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._compositor import CompositorUpdate
from textual.screen import Screen

from cmdb.hub.hub import Hub
from cmdb.locations import Locations
from console.app import Console
from console.output.frame import Frame, Pen, cells_of
from console.output.updates import CellUpdates
from console.views.glyphs import UNICODE
from console.views.keys import KEYS as TABLE
from console.views.keys import Act
from console.views.place import VIEWS
from tests.support.hub import HandClock, ci, hub_at
from tests.tui.fleet import give, incident, small_fleet
from tests.tui.seen import Seen

STYLES = [Style.null(), Style(color="red"), Style(bgcolor="blue", bold=True), Style(reverse=True)]
NOT_PRESSED = {Act.QUIT, Act.EXPORT, Act.SAVED}  # the second writes files
KEYS = [name for key in TABLE if key.act not in NOT_PRESSED for name in key.keys.split(",")] + ["enter", "escape"] * 8
PLACES = [
    *(aliases[0] for view, aliases in VIEWS.items() if view != "ci"),
    "hosts", "filesystems", "INC-1", "ci web", "ci web-var", "check web-var/filesystem", "service this-host", "map all",
]  # fmt: skip


def shown(width: int, height: int) -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(width, height)
    screen.reset_mode(pyte.modes.DECAWM)
    return screen, pyte.Stream(screen)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 11),
            st.integers(0, 3),
            st.lists(
                st.tuples(st.text(alphabet="ab é…━", min_size=1, max_size=8), st.sampled_from(STYLES)), max_size=3
            ),
        ),
        max_size=12,
    )
)
def test_drawing_over_and_over_ends_in_what_was_drawn_last(
    drawn: list[tuple[int, int, list[tuple[str, Style]]]],
) -> None:
    screen, stream = shown(20, 4)
    frame = Frame(20, 4)
    for x, y, pieces in drawn:
        pen = Pen()
        for run in frame.put(x, y, cells_of([Segment(*piece) for piece in pieces], ColorSystem.TRUECOLOR)):
            pen.write(y, run)
        stream.feed(pen.finish())
    for y, row in enumerate(frame.rows):
        for x, cell in enumerate(row):
            assert cell is None or screen.buffer[y][x].data == cell.text


def test_a_frame_that_is_there_already_writes_nothing() -> None:
    frame = Frame(10, 1)
    cells = cells_of([Segment("日本 abc")], ColorSystem.TRUECOLOR)
    assert frame.put(0, 0, cells)
    assert frame.put(0, 0, cells) == []


class Doubled(Console):
    """Shows every update on two terminals: one as Textual writes it, one as the layer does."""

    def __init__(self, *args: Any, size: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.updates = CellUpdates()
        self.stock, self.stock_stream = shown(*size)
        self.ours, self.ours_stream = shown(*size)
        self.stock_bytes = self.our_bytes = 0
        self.differences: list[str] = []

    def resized(self, width: int, height: int) -> None:
        for screen in (self.stock, self.ours):
            screen.resize(height, width)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate) and not self._batch_count:
            stock = renderable.render_segments(self.console)
            ours = self.updates.sequence(renderable, self.console, self.size)
            self.stock_stream.feed(stock)
            self.ours_stream.feed(ours)
            self.stock_bytes += len(stock.encode())
            self.our_bytes += len(ours.encode())
            self._compare()
        super()._display(screen, renderable)

    def _compare(self) -> None:
        """Every line that either of them was written to: the others are what they were, and were the same."""
        written = self.stock.dirty | self.ours.dirty
        self.stock.dirty.clear()
        self.ours.dirty.clear()
        for y in sorted(written):
            theirs, ours = self.stock.buffer[y], self.ours.buffer[y]
            if theirs == ours or self.differences:
                continue
            for x in range(self.stock.columns):
                if theirs[x] != ours[x]:
                    self.differences.append(f"{x},{y}: {theirs[x]} is {ours[x]}")


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with hub_at(tmp_path, clock=HandClock()) as hub:
        await small_fleet(hub)
        await give(hub, *(ci(f"h{n}", "host", name=f"{'日本' if n % 3 else 'host'}-{n}") for n in range(60)))
        yield hub


async def typed(seen: Seen, keys: Sequence[str]) -> None:
    """One after the other, as quick as frames: to wait until the app is idle each time takes twice as long."""
    for key in keys:
        character = " " if key == "space" else key if len(key) == 1 else None
        seen.console.post_message(events.Key(key, character))
        await asyncio.sleep(1 / 60)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_500_keys_at_every_place_show_the_same_with_less_to_write(tmp_path: Path, hub: Hub) -> None:
    size = (100, 30)
    dice = random.Random(7)
    console = Doubled(Locations(tmp_path), clock=HandClock(), glyphs=UNICODE, size=size)
    async with console.run_test(size=size) as pilot:
        seen = Seen(console, pilot)
        await seen.shows("INC-1")
        for number, place in enumerate(PLACES):
            await pilot.press("escape", "escape", "escape")
            await seen.type(f":{place}")
            await pilot.press("enter")
            await give(hub, incident(100 + number, f"trouble {number}", "web"))
            await typed(seen, dice.choices(KEYS, k=max(10, 500 // len(PLACES) + 1)))
            await pilot.pause()
            assert not console.differences, f"at {place}: {console.differences[0]}"
        assert console.ours.display == console.stock.display
    assert console.our_bytes < 0.5 * console.stock_bytes, (console.our_bytes, console.stock_bytes)
