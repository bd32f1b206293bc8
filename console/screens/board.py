"""What the one screen shows: header, banner, crumbs, a list or a record, keys. Not what keys do: see `Deck`.

It composes and draws; what is shown comes from view models and panes.
"""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen

from cmdb.clock import Clock
from cmdb.hub.client import HubGone, HubRefusal
from console.actions import Outcome
from console.link import Link
from console.screens.pane import Pane, Stage
from console.screens.record_pane import RecordPane
from console.settings import Settings, SettingsFiles
from console.views.banner import banner
from console.views.crumbs import crumbs
from console.views.footer import footer
from console.views.glyphs import Glyphs
from console.views.header import header
from console.views.ink import Line
from console.views.keys import Act, keys_with
from console.views.moment import Moment
from console.views.offers import offered
from console.views.place import Place
from console.views.trail import Trail
from console.views.window import Window
from console.widgets.line import InkLine
from console.widgets.prompt import Prompt, Suggest
from console.widgets.pulse import Pulse
from console.widgets.sheet import Sheet
from console.widgets.table import Table

HOME = Place("triage")
LEVELS_EVERY_S = 15.0
DETAIL_FROM_CELLS = 104
PLAIN_BELOW_LINES = 10


class Board(Screen[None]):
    """Owns the trail; has one list (`Table`) and one document (`Sheet`), of which it shows what the place needs."""

    DEFAULT_CSS = """
    Board { background: $background; color: $foreground; layout: vertical; }
    Board #body { height: 1fr; }
    Board #banner, Board #tabs { display: none; }
    Board #banner.-shown, Board #tabs.-shown { display: block; }
    Board #sheet { border-left: solid $faint 50%; }
    Board.-record #sheet { border-left: none; width: 1fr; }
    Board.-plain #header, Board.-plain #keys { display: none; }
    """

    def __init__(
        self,
        link: Link,
        clock: Clock,
        glyphs: Glyphs,
        settings: Settings,
        files: SettingsFiles,
        *,
        readonly: bool = False,
        home: Place = HOME,
    ) -> None:
        super().__init__()
        self._settings, self._files = settings, files
        self._keys = keys_with(settings.keys)
        self._at: datetime | None = None
        self.link, self._clock, self._glyphs, self._readonly = link, clock, glyphs, readonly
        self._trail = Trail(home)
        self._windows: OrderedDict[Place, Window] = OrderedDict()
        self._pane: Pane | None = None
        self._composed = False
        self._wide = False
        self._paused = False
        self._at_risk = 0
        self._on_call: Sequence[str] = ()
        self._levels_at = 0.0
        self._lag_s = 0.0
        self._ticked_at = 0.0
        self._said_where = ""

    def compose(self) -> ComposeResult:
        yield InkLine(self._header, bar=True, id="header")
        yield InkLine(self._banner, id="banner")
        yield InkLine(self._crumbs, id="crumbs")
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
            self._start,
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

    def moment(self) -> Moment:
        """Now or the moment that is looked at, in this terminal's signs."""
        return Moment(self._at or self._clock.now(), self._glyphs)

    # --- what the lines say

    def _header(self, cells: int) -> Line:
        state = self.link.state
        return header(
            state.status,
            cells,
            self._glyphs,
            connected=state.connected,
            trying=not state.tried,
            age_s=None if state.heard_at is None else time.monotonic() - state.heard_at,
            round_trip_s=state.round_trip_s,
            lag_s=self._lag_s,
            at_risk=self._at_risk,
            on_call=self._on_call,
            readonly=self._readonly,
            paused=self._paused,
            at=None if self._at is None else self.moment().clock(self._at),
            place=self._trail.here.uri,
        )

    def _banner(self, _cells: int) -> Line:
        state = self.link.state
        now = time.monotonic()
        return banner(state.why, state.retry_at - now, None if state.heard_at is None else now - state.heard_at)

    def _crumbs(self, cells: int) -> Line:
        pane = self._pane
        window = None if pane is None else pane.window
        title = pane.title if isinstance(pane, RecordPane) else None
        sort = "" if pane is None else pane.sort
        return crumbs(self._trail.parents, self._trail.here, title, sort, window, cells, self._glyphs)

    def _tabs(self, cells: int) -> Line:
        says = None if self._pane is None else self._pane.tab_line
        return () if says is None else says(cells)

    def _footer(self, cells: int) -> Line:
        return footer(self._keys, self._offered(), cells)

    def _begin(self) -> None:
        """Show the first place."""
        raise NotImplementedError

    def _say_where(self) -> None:
        """Tell the hub what is looked at, for the others who are on."""
        where = self._trail.here.uri
        if self.link.state.connected and where != self._said_where:
            self._said_where = where
            self.run_worker(self._told_where(where), group="presence", exclusive=True)

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
        self.query_one("#tabs").set_class(pane is not None and pane.tab_line is not None, "-shown")
        if not self.query_one(Prompt).is_open:
            self.set_focus(table if with_table else sheet, scroll_visible=False)
        self._draw_lines()

    @property
    def _has_detail(self) -> bool:
        pane = self._pane
        return pane is not None and pane.has_detail and not self._wide and self.size.width >= DETAIL_FROM_CELLS

    def _start(self, work: Coroutine[Any, Any, None]) -> object:
        return self.run_worker(work, group="pane", exit_on_error=True)

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
        self.query_one(Table).ticked()
        if self._pane is not None and self.query_one(Sheet).display and not self._paused:
            self._pane.tick()
        self._draw_lines()

    # --- what is possible

    def _offered(self) -> frozenset[Act]:
        pane, trail = self._pane, self._trail
        if pane is None:
            return frozenset()
        return offered(
            pane.subject,
            on_list=pane.on_list,
            enters=pane.target is not None,
            leads_out=bool(trail.parents or trail.can_go_back or trail.here.filter or self._at),
            tabs=pane.tabs,
            orders=pane.orders,
            has_detail=not isinstance(pane, RecordPane) and self._has_detail,
            detail_fits=pane.has_detail and self.size.width >= DETAIL_FROM_CELLS,
            previous=trail.previous is not None,
            back=trail.can_go_back,
            forward=trail.can_go_forward,
            readonly=self._readonly,
            saved=bool(self._settings.views),
            exports=pane.window is not None,
            past=self._at is not None,
            undoes=self.undoes,
        )

    @property
    def undoes(self) -> bool:
        """Whether something was done from here that can be taken back."""
        return False

    def _tell(self, outcome: Outcome) -> None:
        self.notify(outcome.said, severity="information" if outcome.done else "warning", markup=False)

    def _warn(self, what: str) -> None:
        self._tell(Outcome(False, what))
