"""The second line: where one is, how it is filtered and sorted, and which row of how many."""

from __future__ import annotations

from collections.abc import Sequence

from console.views.glyphs import Glyphs
from console.views.ink import Ink, Line, Span, plain
from console.views.page import Page
from console.views.place import Place
from console.views.text import clean, fit_line, width
from console.views.window import Window


def crumbs(
    parents: Sequence[Place],
    place: Place,
    title: Line | None,
    sort: str,
    window: Window | None,
    cells: int,
    glyphs: Glyphs,
) -> Line:
    """Bread crumbs on the left, figures on the right; the oldest crumbs fall away first."""
    here = title or _here(place)
    right = _figures(sort, window, glyphs)
    room = cells - width(plain(right)) - 2
    left: Line = ()
    for parent in reversed(parents):
        piece: Line = ((f"{_short(parent)} ", Ink.DIM), (f"{glyphs.right} ", Ink.FAINT))
        if width(plain((*piece, *left, *here))) > room:
            break
        left = (*piece, *left)
    left = (*left, *here)
    space = cells - width(plain(left)) - width(plain(right)) - 2
    if space < 0:
        return ((" ", Ink.TEXT), *fit_line(left, max(4, room), glyphs.ellipsis), ("  ", Ink.TEXT), *right)
    return ((" ", Ink.TEXT), *left, (" " * space, Ink.TEXT), *right)


def _short(place: Place) -> str:
    return clean(place.uri)[:32]


def _here(place: Place) -> Line:
    if place.record:
        return ((clean(place.name), Ink.ACCENT),)
    word, _, rest = place.uri.partition(" ")
    return ((word, Ink.ACCENT), (f" {clean(place.filter)}" if rest and place.filter else "", Ink.STRONG))


def _figures(sort: str, window: Window | None, glyphs: Glyphs) -> Line:
    if window is None:
        return ()
    if window.waiting:
        return ((f"loading{glyphs.ellipsis}", Ink.WARNING),)
    line: list[Span] = []
    if window.marked:
        hidden = len(window.hidden_marks)
        line.append((f"{len(window.marked)} marked{f', {hidden} not shown' if hidden else ''}  ", Ink.ACCENT))
    if window.matched:
        line.append((f"{window.cursor + 1}", Ink.TEXT))
        line.append((f"/{window.matched}", Ink.DIM))
        if window.total != window.matched:
            line.append((f" of {window.total}", Ink.DIM))
    if sort:
        line.append((f"  sort {sort}", Ink.FAINT))
    return tuple(line)


def tab_bar(page: Page, current: str, cells: int) -> Line:
    """The tabs of a page, the one that is shown marked."""
    here = page.tab(current).name
    line: list[Span] = [(" ", Ink.TEXT)]
    for tab in page.tabs:
        line.append((f" {tab.title} ", Ink.BADGE if tab.name == here else Ink.DIM))
        line.append((" ", Ink.TEXT))
    if width(plain(line)) <= cells:
        return tuple(line)
    position = [tab.name for tab in page.tabs].index(here) + 1
    return ((" ", Ink.TEXT), (f" {page.tab(here).title} ", Ink.BADGE), (f"  {position}/{len(page.tabs)}", Ink.DIM))


def tab_at(page: Page, x: int) -> str | None:
    """The tab that is drawn at this cell."""
    start = 1
    for tab in page.tabs:
        end = start + width(tab.title) + 2
        if start <= x < end:
            return tab.name
        start = end + 1
    return None
