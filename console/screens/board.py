"""What the one screen shows and where: lines around a list or a record. Not what keys do: see `Deck`.

It composes and draws; what is shown comes from view models and panes, what the lines say from `Lines`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from cmdb.hub.client import HubGone, HubRefusal
from console.actions import Outcome
from console.screens.lines import Lines
from console.screens.pane import Stage
from console.screens.record_pane import RecordPane
from console.widgets.line import InkLine
from console.widgets.prompt import Prompt, Suggest
from console.widgets.pulse import Pulse
from console.widgets.sheet import Sheet
from console.widgets.table import Table

PLAIN_BELOW_LINES = 10


class Board(Lines):
    """Owns the trail; has one list (`Table`) and one document (`Sheet`), of which it shows what the place needs."""

    DEFAULT_CSS = """
    Board { background: $background; color: $foreground; layout: vertical; }
    Board #body { height: 1fr; }
    Board #banner, Board #tabs, Board #scrubber { display: none; }
    Board #banner.-shown, Board #tabs.-shown, Board #scrubber.-shown { display: block; }
    Board #sheet { border-left: solid $faint 50%; }
    Board.-record #sheet { border-left: none; width: 1fr; }
    Board.-plain #header, Board.-plain #keys { display: none; }
    """

    def compose(self) -> ComposeResult:
        yield InkLine(self._header, bar=True, id="header")
        yield InkLine(self._banner, id="banner")
        yield InkLine(self._crumbs, id="crumbs")
        yield InkLine(self._scrub, id="scrubber")
        yield Prompt(id="prompt")
        yield InkLine(self._tabs, id="tabs")
        with Horizontal(id="body"):
            yield Table(self.moment, id="table")
            yield Sheet(self.moment, id="sheet")
        yield InkLine(self._footer, bar=True, id="keys")

    def on_mount(self) -> None:
        self._pulse = Pulse(self, self._draw)
        self._stage = Stage(
            self.link,
            self.query_one(Table),
            self.query_one(Sheet),
            self.moment,
            self._pulse.ask,
            self._warn,
            lambda work: self.begin(work, "pane"),
            lambda: self._at,
            self._settings,
        )
        self._composed = True
        self._ticked_at = time.monotonic()
        self.set_interval(1.0, self._tick)
        self._begin()

    @property
    def is_open(self) -> bool:
        """Its widgets are there. A screen that is being left hears of timers and the hub after they are gone."""
        return self._composed and self.display

    def _begin(self) -> None:
        """Show the first place."""
        raise NotImplementedError

    def _say_where(self) -> None:
        """Tell the hub what is looked at, for the others who are on."""
        where = self._trail.here.uri
        if self.link.state.connected and where != self._said_where:
            self._said_where = where
            self.begin(partial(self._told_where, where), "presence", exclusive=True)

    async def _told_where(self, where: str) -> None:
        with contextlib.suppress(HubGone, HubRefusal):
            await self.link.call("presence.look", place=where)

    # --- what is shown where

    def _arrange(self) -> None:
        """Show of the widgets those that the place needs and the terminal has room for."""
        pane, table, sheet = self._pane, self.query_one(Table), self.query_one(Sheet)
        record = isinstance(pane, RecordPane)
        self.set_class(record, "-record")
        self.set_class(self.size.height < PLAIN_BELOW_LINES, "-plain")
        with_table = not record or (isinstance(pane, RecordPane) and pane.shows_table)
        table.display = with_table
        sheet.display = not with_table or (not record and self._has_detail)
        if sheet.display and not record and pane is not None:
            sheet.styles.width = min(72, pane.detail_cells + max(0, self.size.width - 120) // 3)
        else:
            sheet.styles.width = "1fr"
        self.query_one("#scrubber").set_class(self._scrubber is not None, "-shown")
        self.query_one("#tabs").set_class(pane is not None and pane.tab_line is not None, "-shown")
        if not self.query_one(Prompt).is_open:
            self.set_focus(table if with_table else sheet, scroll_visible=False)
        self._draw_lines()

    # --- asking for words

    def _ask(
        self,
        label: str,
        then: Callable[[str], None],
        words: str = "",
        suggest: Suggest = lambda _words: (),
        typed: Callable[[str], None] = lambda _words: None,
        left: Callable[[], None] = lambda: None,
    ) -> None:
        self.query_one("#crumbs").display = False
        self.query_one(Prompt).ask(label, then, words, suggest, typed, left)

    @on(Prompt.Closed)
    def _asked(self) -> None:
        self.query_one("#crumbs").display = True
        self._arrange()

    # --- drawing

    def _draw(self) -> None:
        if self._pane is None or not self.is_open:
            return
        had_table, had_tabs = self.query_one(Table).display, self.query_one("#tabs").has_class("-shown")
        self._pane.draw()
        shows_table = not isinstance(self._pane, RecordPane) or self._pane.shows_table
        if shows_table != had_table or (self._pane.tab_line is not None) != had_tabs:
            self._arrange()
        self._draw_lines()

    def _draw_lines(self) -> None:
        for line in self.query(InkLine):
            line.update()

    def _tick(self) -> None:
        if not self.is_open:
            return
        now = time.monotonic()
        self._lag_s = max(0.0, now - self._ticked_at - 1.0)
        self._ticked_at = now
        self._pulse.catch_up()
        self.query_one(Table).ticked()
        if self._pane is not None and self.query_one(Sheet).display and not self._paused:
            self._pane.tick()
        self._draw_lines()

    def _tell(self, outcome: Outcome) -> None:
        self.notify(outcome.said, severity="information" if outcome.done else "warning", markup=False)

    def _warn(self, what: str) -> None:
        self._tell(Outcome(False, what))
