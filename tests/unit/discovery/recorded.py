"""Recorded output of real hosts, by collector and platform."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parents[2] / "recorded"


def recorded(name: str) -> str:
    """The text of `tests/recorded/NAME`."""
    return (_FOLDER / name).read_text()
