"""Text in the order that people expect: `web-2` before `web-10`, case ignored."""

from __future__ import annotations

import re
from functools import lru_cache

_RUN = re.compile(r"(\d+)")
_LONGEST_NUMBER = 18

NaturalKey = tuple[str | int, ...]


@lru_cache(maxsize=65536)
def natural_key(text: str) -> NaturalKey:
    """Text, number, text, number …: keys compare place by place, each with its like."""
    parts = _RUN.split(text.casefold())
    return tuple(int(part[:_LONGEST_NUMBER]) if index % 2 else part for index, part in enumerate(parts))
