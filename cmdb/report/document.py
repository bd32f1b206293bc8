"""A report as blocks in order. Text in it is plain: each renderer escapes it."""

from __future__ import annotations

from datetime import date

import msgspec


class Heading(msgspec.Struct, frozen=True, tag="heading"):
    """A title within the document; 2 is the level below the document's own."""

    text: str
    level: int = 2


class Paragraph(msgspec.Struct, frozen=True, tag="paragraph"):
    text: str


class Table(msgspec.Struct, frozen=True, tag="table"):
    """Rows of text under columns; those at the `right` positions are figures."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()


class Bar(msgspec.Struct, frozen=True, tag="bar"):
    """A share of a whole, 0 to 1, with what is written beside it."""

    label: str
    share: float
    text: str


class Curve(msgspec.Struct, frozen=True, tag="curve"):
    """Shares over time, from left to right; None where nothing is known."""

    label: str
    points: tuple[float | None, ...]
    first: str = ""
    last: str = ""


class Days(msgspec.Struct, frozen=True, tag="days"):
    """A heat map: each day with a share (1 is all well) or None where nothing is known."""

    label: str
    days: tuple[tuple[date, float | None], ...]


Block = Heading | Paragraph | Table | Bar | Curve | Days


class Document(msgspec.Struct, frozen=True):
    """`about` is one line under the title: of when, and from what."""

    title: str
    about: str
    blocks: tuple[Block, ...]
