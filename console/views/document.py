"""A record's detail as blocks of text, and how they fall into lines of a given width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from console.views.ink import Ink, Line, Span, plain
from console.views.text import fit, width, wrap

LEAST_LABEL_CELLS = 10
MOST_LABEL_CELLS = 20


@dataclass(frozen=True)
class Heading:
    """What the blocks below it are about."""

    title: str
    note: str = ""


@dataclass(frozen=True)
class Pair:
    """A label and what it says."""

    label: str
    content: Line


@dataclass(frozen=True)
class Prose:
    """Free text; `hang` cells of indent from its second line on."""

    content: Line
    hang: int = 0


@dataclass(frozen=True)
class Drawing:
    """Lines that are made for a width: a curve, a heat map, a week. `draw` gives none where it has nothing to say."""

    draw: Callable[[int], Sequence[Line]]


Block = Heading | Pair | Prose | Drawing
Document = Sequence[Block]


def layout(document: Document, cells: int) -> list[Line]:
    """The lines of a document in this width. A heading has an empty line before it; labels of a section align."""
    lines: list[Line] = []
    for section in _sections(document):
        label_cells = _label_cells(section)
        for block in section:
            lines.extend(_lines(block, max(1, cells), label_cells, first=not lines))
    return lines


def _sections(document: Document) -> Iterator[list[Block]]:
    """A heading and what follows it."""
    section: list[Block] = []
    for block in document:
        if isinstance(block, Heading) and section:
            yield section
            section = []
        section.append(block)
    yield section


def _label_cells(section: Sequence[Block]) -> int:
    widest = max((width(block.label) for block in section if isinstance(block, Pair)), default=0)
    return min(MOST_LABEL_CELLS, max(LEAST_LABEL_CELLS, widest + 1))


def _lines(block: Block, cells: int, label_cells: int, *, first: bool) -> Iterator[Line]:
    match block:
        case Heading(title, note):
            if not first:
                yield ()
            yield ((title, Ink.STRONG), *(((f"  {note}", Ink.FAINT),) if note else ()))
        case Prose(content, hang):
            yield from _hanging(content, cells, hang)
        case Drawing(draw):
            yield from draw(cells)
        case Pair(label, content) if cells < 2 * label_cells:
            yield ((label, Ink.DIM),)
            yield from _hanging(content, cells, 0)
        case Pair(label, content):
            for position, line in enumerate(wrap_line(content, cells - label_cells)):
                yield ((fit(label if position == 0 else "", label_cells - 1) + " ", Ink.DIM), *line)


def _hanging(content: Line, cells: int, hang: int) -> Iterator[Line]:
    hang = min(hang, cells // 2)
    if width(plain(content)) <= cells or not hang:
        yield from wrap_line(content, cells)
        return
    first, *rest = wrap_line(content, cells - hang)
    yield first
    yield from (((" " * hang, Ink.TEXT), *line) for line in rest)


def wrap_line(content: Line, cells: int) -> list[Line]:
    """Lines of at most this many cells, each piece keeping its ink."""
    whole = plain(content)
    if width(whole) <= cells:
        return [content]
    lines: list[Line] = []
    position = 0
    for shown in wrap(whole, cells):
        position = whole.index(shown, position) if shown else position
        lines.append(_slice(content, position, position + len(shown)))
        position += len(shown)
    return lines


def _slice(content: Line, start: int, end: int) -> Line:
    """The characters from `start` to `end`."""
    kept: list[Span] = []
    at = 0
    for text, ink in content:
        part = text[max(0, start - at) : max(0, end - at)]
        if part:
            kept.append((part, ink))
        at += len(text)
    return tuple(kept)
