"""One record's page: its tabs, each a document or a short table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from console.screens.pane import Pane, Stage
from console.views.cells import Row
from console.views.crumbs import tab_at, tab_bar
from console.views.document import Prose
from console.views.ink import Ink, Line, text
from console.views.nouns import NOUNS
from console.views.page import Listing, Page, Tab
from console.views.place import Place
from console.views.subject import Subject, subject_of
from console.views.window import Window
from console.visit import RecordVisit
from console.widgets.table import Empty


class RecordPane(Pane):
    """Asks for its record whenever the hub is heard of, and shows what changed."""

    def __init__(self, stage: Stage, place: Place, known: Row | None = None) -> None:
        self._stage, self.place = stage, place
        self._row = known
        self._wrong = ""
        self._windows: dict[str, Window] = {}
        self._shown = ""
        self._held = False
        now = lambda: stage.moment().now  # noqa: E731
        self._visit = RecordVisit(stage.link, place, self._arrived, self._refused, now, stage.at())

    def enter(self) -> None:
        self._stage.start(self._visit.run)
        self.draw()

    def draw(self) -> None:
        page = self.page
        if page is None:
            message = self._wrong or f"Asking the hub{self._stage.moment().glyphs.ellipsis}"
            self._stage.sheet.show((Prose(text(message, Ink.DIM)),), from_top=True)
            return
        tab = page.tab(self.place.tab)
        self.tabs = len(page.tabs)
        if isinstance(tab.content, Listing):
            self._draw_listing(tab, tab.content)
        else:
            self._stage.sheet.show(tab.content, from_top=self._shown != tab.name)
        self._shown = tab.name

    @property
    def page(self) -> Page | None:
        if self._row is None:
            return None
        return NOUNS[self.place.name].page(self._row, self._stage.moment())

    @property
    def shows_table(self) -> bool:
        listing = self._listing
        return listing is not None

    @property
    def window(self) -> Window | None:
        return self._windows.get(self._shown) if self.shows_table else None

    @property
    def subject(self) -> Subject | None:
        return None if self._row is None else subject_of(self.place, self._row)

    @property
    def target(self) -> Place | None:
        listing, window = self._listing, self.window
        row = None if window is None else window.current
        return listing.into(row) if listing is not None and row is not None else None

    @property
    def title(self) -> Line:
        page = self.page
        return page.title if page is not None else text(self.place.uri)

    @property
    def tab_line(self) -> Callable[[int], Line] | None:
        page = self.page
        return None if page is None else lambda cells: tab_bar(page, self.place.tab, cells)

    def tab_beside(self, steps: int) -> Place:
        """This record with the tab so many steps away."""
        page = self.page
        return self.place if page is None else replace(self.place, tab=page.beside(self.place.tab, steps))

    def tab_clicked(self, x: int) -> Place | None:
        page = self.page
        name = None if page is None else tab_at(page, x)
        return None if name is None else replace(self.place, tab=name)

    def turn(self, place: Place) -> None:
        """Show another tab of the same record."""
        self.place = place
        self._visit.place = place
        self._visit.look_again()
        self.draw()

    def tick(self) -> None:
        if not self.shows_table:
            self.draw()

    def heard(self) -> None:
        self._visit.look_again()

    def hold(self, held: bool) -> None:
        self._held = held

    @property
    def _listing(self) -> Listing | None:
        page = self.page
        content = page.tab(self.place.tab).content if page is not None else None
        return content if isinstance(content, Listing) else None

    def _draw_listing(self, tab: Tab, listing: Listing) -> None:
        window = self._windows.setdefault(tab.name, Window())
        window.take_all(listing.rows)
        if self._stage.table.window is not window:
            self._stage.table.show(listing.columns, window, Empty(*listing.empty))
        self._stage.table.changed()

    def _arrived(self, row: Row) -> None:
        if not self._held:
            self._row = row
            self._stage.changed()

    def _refused(self, why: str) -> None:
        self._wrong = why
        if self._row is not None:
            self._stage.failed(why)
        self._stage.changed()
