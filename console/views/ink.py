"""What a piece of text means, which a theme turns into a colour. Not a colour."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Ink(enum.StrEnum):
    """Roles of text. State has colours, one accent marks where one is; everything else is a shade."""

    TEXT = "text"
    STRONG = "strong"
    DIM = "dim"
    FAINT = "faint"
    ACCENT = "accent"
    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"
    BADGE = "badge"


Span = tuple[str, Ink]
Line = tuple[Span, ...]


def plain(line: Iterable[Span]) -> str:
    """The text alone."""
    return "".join(text for text, _ in line)


def text(content: str, ink: Ink = Ink.TEXT) -> Line:
    """A line of one piece."""
    return ((content, ink),)
