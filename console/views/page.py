"""A record's own page: a title and tabs, each a document or a short table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.views.cells import Row
from console.views.columns import Column
from console.views.document import Document, Heading
from console.views.ink import Line
from console.views.place import Place


@dataclass(frozen=True)
class Listing:
    """A short table that is whole. `into` is None where a row leads nowhere."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    empty: tuple[str, str]
    into: Callable[[Row], Place | None] = lambda _row: None


@dataclass(frozen=True)
class Tab:
    """`title` as the tab bar shows it."""

    name: str
    title: str
    content: Document | Listing


def untitled(document: Document) -> Document:
    """Without its first heading: a page has that in its title."""
    return document[1:] if document and isinstance(document[0], Heading) else document


@dataclass(frozen=True)
class Page:
    """`title` is one line: what it is and how it is."""

    title: Line
    tabs: Sequence[Tab]

    def tab(self, name: str) -> Tab:
        """The tab of this name, else the first."""
        return next((tab for tab in self.tabs if tab.name == name), self.tabs[0])

    def beside(self, name: str, steps: int) -> str:
        """The tab so many steps from this one, round and round."""
        return self.tabs[(self.tabs.index(self.tab(name)) + steps) % len(self.tabs)].name
