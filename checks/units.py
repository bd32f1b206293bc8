"""Amounts of bytes in words for people."""

from __future__ import annotations


def in_words(size_bytes: float) -> str:
    """`512 B`, `3.1 GiB`: powers of 1024, three digits."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(size_bytes) < 1024:
            return f"{size_bytes:.0f} B" if unit == "B" else f"{size_bytes:.3g} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.3g} PiB"
