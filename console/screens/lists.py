"""The keys of a list: marks, order, filter, the detail beside it, and holding it still."""

from __future__ import annotations

import contextlib
from functools import partial

from textual.timer import Timer

from cmdb.filter import FilterError
from cmdb.filter import parse as parse_filter
from cmdb.hub.client import HubGone, HubRefusal
from console.screens.list_pane import ListPane
from console.screens.walk import Walk
from console.views.catalogue import VIEWS
from console.views.place import Place
from console.views.window import Window
from console.widgets.prompt import Prompt
from console.widgets.table import Table

REST_S = 0.2
MANY_ROWS, MANY_REST_S = 20_000, 0.7  # a filter over so many rows costs the hub something


class Lists(Walk):
    """What can be asked of the list that is shown."""

    _resting: Timer | None = None

    def _do_mark(self) -> None:
        self.query_one(Table).toggle_mark()
        self._draw_lines()

    def _do_mark_all(self) -> None:
        if isinstance(self._pane, ListPane):
            self.begin(partial(self._marked_all, self._pane), "marks", exclusive=True)

    async def _marked_all(self, pane: ListPane) -> None:
        try:
            await pane.mark_all()
        except (HubGone, HubRefusal) as error:
            self._warn(str(error))

    def _do_wide(self) -> None:
        self._wide = not self._wide
        self._arrange()

    def _do_pause(self) -> None:
        self._paused = not self._paused
        if self._pane is not None:
            self._pane.hold(self._paused)
        self._draw_lines()

    def _do_sort(self) -> None:
        orders = list(VIEWS[self._trail.here.name].orders)
        current = orders.index(self._trail.here.sort) if self._trail.here.sort in orders else 0
        self._sort(orders[(current + 1) % len(orders)])

    def _sort(self, sort: str) -> None:
        place = self._trail.here
        if not place.record and sort != place.sort:
            self._amend(place.sorted_by(sort))

    def _filter(self, words: str) -> None:
        place = self._trail.here
        try:
            parse_filter(words)
        except FilterError as error:
            self._warn(str(error))
            return
        if words != place.filter:
            self._amend(place.filtered(words))

    def _amend(self, place: Place) -> None:
        """The same list in another order or filter: what is seen stays until the new rows are there."""
        window = self._windows.pop(self._trail.here, Window())
        window.restart()
        self._windows[place] = window
        self._show(self._trail.amend(place))

    def _do_filter(self) -> None:
        before = self._trail.here
        self._ask("/", self._filter, before.filter, typed=self._typed, left=lambda: self._put_back(before))

    def _typed(self, words: str) -> None:
        """Filter by what is typed so far, as soon as the fingers rest."""
        if self._resting is not None:
            self._resting.stop()
        pane = self._pane
        many = pane is not None and pane.window is not None and pane.window.total > MANY_ROWS
        self._resting = self.set_timer(MANY_REST_S if many else REST_S, lambda: self._try(words))

    def _try(self, words: str) -> None:
        """What is no filter yet may become one."""
        self._resting = None
        place = self._trail.here
        if not self.query_one(Prompt).is_open or words == place.filter:
            return
        with contextlib.suppress(FilterError):
            parse_filter(words)
            self._amend(place.filtered(words))

    def _put_back(self, before: Place) -> None:
        """Nobody wants the filter that was being typed."""
        if self._trail.here != before:
            self._amend(before)
