"""What a peer said, fit for one line on a screen."""

from __future__ import annotations

from checks.perfdata import printable


def one_line(data: bytes, limit: int = 120) -> str:
    """Text without line ends and control characters, cut."""
    text = printable(data[: 8 * limit].decode("utf-8", "replace"))
    return " ".join(text.split())[:limit]
