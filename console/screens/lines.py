"""What the lines around the list say: header, banner, crumbs, the strip of time, tabs, keys. Not where they stand."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime

from textual.screen import Screen
from textual.worker import Worker

from cmdb.clock import Clock
from console.link import Link
from console.screens.pane import Pane, Work
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
from console.views.offers import Here, offered
from console.views.place import Place
from console.views.scrubber import Scrubber
from console.views.trail import Trail
from console.views.window import Window

HOME = Place("triage")
DETAIL_FROM_CELLS = 104


class Lines(Screen[None]):
    """Knows where one is, how the line to the hub is, and what is possible here."""

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
        self._scrubber: Scrubber | None = None
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

    def begin(self, work: Work, group: str, *, exclusive: bool = False) -> Worker[None]:
        """Have it done meanwhile. Not given as a coroutine: a worker that is cancelled at once never awaits one."""
        return self.run_worker(work, group=group, exclusive=exclusive)

    def moment(self) -> Moment:
        """Now or the moment that is looked at, in this terminal's signs."""
        return Moment(self._at or self._clock.now(), self._glyphs)

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

    def _scrub(self, cells: int) -> Line:
        return () if self._scrubber is None else self._scrubber.line(cells, self.moment())

    def _tabs(self, cells: int) -> Line:
        says = None if self._pane is None else self._pane.tab_line
        return () if says is None else says(cells)

    def _footer(self, cells: int) -> Line:
        return footer(self._keys, self._offered(), cells)

    @property
    def _has_detail(self) -> bool:
        pane = self._pane
        return pane is not None and pane.has_detail and not self._wide and self.size.width >= DETAIL_FROM_CELLS

    def _offered(self) -> frozenset[Act]:
        pane, trail = self._pane, self._trail
        if pane is None:
            return frozenset()
        here = Here(
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
        return offered(here)

    @property
    def undoes(self) -> bool:
        """Whether something was done from here that can be taken back."""
        return False
