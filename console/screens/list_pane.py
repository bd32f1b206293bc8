"""A list of the hub's with the detail of the record that the cursor is on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from cmdb.hub.client import HubGone, HubRefusal
from console.past import PastVisit
from console.screens.pane import Pane, Stage
from console.trends import Trends
from console.views.catalogue import VIEWS
from console.views.cells import Row
from console.views.columns import Column
from console.views.document import Document
from console.views.item_columns import item_columns
from console.views.nouns import NOUNS
from console.views.place import Place
from console.views.subject import Subject, subject_of
from console.views.trouble import trend
from console.views.window import Window
from console.visit import ListVisit, fetch
from console.widgets.table import Empty

FIRST_SCAN = ("Nothing is known yet.", "The first scan takes some seconds; what it finds appears here by itself.")
THEN = ("Nothing was here then.", "t and Enter lead back to now.")
MOST_MARKED = 1000  # what the hub gives at once
REST_S = 0.12  # the cursor stays this long on a row before its record is asked for


class ListPane(Pane):
    """`window` may hold rows from an earlier visit: they are shown until fresh ones are there."""

    on_list = True

    def __init__(self, stage: Stage, place: Place, window: Window) -> None:
        self._stage, self.place, self._window = stage, place, window
        self._view = VIEWS[place.name]
        self.sort = place.sort or self._view.sort
        self.orders = len(self._view.orders)
        self.detail_cells = self._view.detail_cells
        self.has_detail = self.detail_cells > 0
        at = stage.at()
        self._visit: ListVisit | PastVisit
        if at is None:
            self._visit = ListVisit(stage.link, place, self.sort, window, stage.changed, self._refused)
        else:
            self._visit = PastVisit(stage.link, place, self.sort, at, window, stage.changed, self._refused)
        self._trends = Trends(stage.link, at, stage.changed) if _has_trends(self.columns) else None
        self._wrong = ""
        self._full: tuple[Place, Row] | None = None
        self._shown: Place | None = None
        self._rested = asyncio.Event()

    def enter(self) -> None:
        self._stage.table.show(self.columns, self._window, Empty(*self._empty_words()), self.sort)
        self._stage.start(self._visit.run)
        if self.has_detail:
            self._stage.start(self._details)
        if self._trends is not None:
            self._stage.start(self._trends.run)
        self.draw()

    @property
    def columns(self) -> Sequence[Column]:
        """Those of the view, or of them the ones that the settings name."""
        columns = item_columns(self.place.class_) if self.place.name == "ci" else self._view.columns
        wanted = self._stage.settings.columns.get(self.place.class_ or self.place.name)
        by_title = {column.title: column for column in columns}
        return [by_title[title] for title in wanted if title in by_title] if wanted else columns

    def draw(self) -> None:
        self._stage.table.empty = Empty(*self._empty_words())
        if self._trends is not None:
            self._window.rows = self._trends.beside(self._window.rows)
        self._stage.table.changed()
        self._draw_detail()

    @property
    def window(self) -> Window:
        return self._window

    @property
    def target(self) -> Place | None:
        row = self._window.current
        return None if row is None else self._view.into(row)

    @property
    def subject(self) -> Subject | None:
        row, target = self._window.current, self.target
        return subject_of(target, row) if row is not None and target is not None and target.record else None

    def tick(self) -> None:
        if self._trends is not None:
            self._trends.beside(self._window.rows)
        self._draw_detail()

    def moved(self) -> None:
        self._draw_detail()
        self._rested.set()

    def wanted(self, offset: int, limit: int, anchor: str | None) -> None:
        if isinstance(self._visit, ListVisit):
            self._visit.want(offset, limit, anchor)

    def hold(self, held: bool) -> None:
        if isinstance(self._visit, ListVisit):
            self._visit.held = held
            if not held:
                self._visit.adopt()

    @property
    def subjects(self) -> Sequence[Subject]:
        """What is marked, those first that are not shown; else the cursor's."""
        hidden = self._window.hidden_marks
        marked = sorted(self._window.marked.items(), key=lambda pair: pair[0] not in hidden)
        subjects = [replace(subject_of(self._view.into(row), row), shown=id_ not in hidden) for id_, row in marked]
        return subjects or super().subjects

    async def mark_all(self) -> None:
        """Mark every row that matches, or none. Raises `HubRefusal`, `HubGone`."""
        if self._window.matched > MOST_MARKED:
            self._stage.failed(
                f"{self._window.matched:,} match, at most {MOST_MARKED:,} are marked: / narrows the list"
            )
        elif isinstance(self._visit, ListVisit):
            self._window.mark_all(await self._visit.whole(MOST_MARKED))
            self._stage.changed()

    def unmark(self) -> None:
        self._window.marked.clear()

    def _empty_words(self) -> tuple[str, str]:
        if self._wrong:
            return self._wrong, "/ changes the filter, Esc takes it away."
        if self.place.filter:
            return f"Nothing matches {self.place.filter}", "/ changes the filter, Esc takes it away."
        if self._stage.at() is not None:
            return THEN
        return FIRST_SCAN if self._is_new else self._view.empty

    @property
    def _is_new(self) -> bool:
        """Whether the hub knows of nothing at all yet, so that an empty list says nothing."""
        status = self._stage.link.state.status
        return status is not None and not status["counts"]["ci"]

    def heard(self) -> None:
        if self._stage.table.empty != Empty(*self._empty_words()):
            self.draw()

    def _refused(self, why: str) -> None:
        self._wrong = why
        self._window.take_all(())
        self._stage.failed(why)
        self._stage.changed()

    def _draw_detail(self) -> None:
        if self.has_detail:
            target = self.target
            self._stage.sheet.show(self._document(), from_top=target != self._shown)
            self._shown = target

    def known_of(self, target: Place) -> Row | None:
        row = self._window.current
        if row is None or target.name not in NOUNS:
            return None
        full = self._full[1] if self._full is not None and self._full[0] == target else {}
        newer = int(row.get("version") or 0) > int(full.get("version") or 0) or "version" not in row
        return {**full, **row, "id": target.record} if newer else {**row, **full}

    def _document(self) -> Document:
        target = self.target
        known = None if target is None else self.known_of(target)
        return () if target is None or known is None else NOUNS[target.name].preview(known, self._stage.moment())

    async def _details(self) -> None:
        """Ask for the record that the cursor came to rest on."""
        while True:
            await self._rested.wait()
            self._rested.clear()
            await asyncio.sleep(REST_S)
            target = self.target
            if self._rested.is_set() or target is None or not target.record:
                continue
            try:
                self._full = target, await fetch(self._stage.link, target, self._stage.moment().now, self._stage.at())
            except (HubGone, HubRefusal):
                continue
            self._draw_detail()


def _has_trends(columns: Sequence[Column]) -> bool:
    return any(column.render is trend for column in columns)
