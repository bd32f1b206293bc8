"""Text in the order that people expect: `web-2` before `web-10`, case ignored; and the other way round.

Both are plain tuples, compared without a line of Python: a list of 100,000 is compared two million times.
"""

from __future__ import annotations

import re
from functools import lru_cache

_RUN = re.compile(r"(\d+)")
_LONGEST_NUMBER = 18
_LAST_CHARACTER = 0x10FFFF

_KEPT = 4096  # states, classes and types come again and again, names do not

NaturalKey = tuple[str | int, ...]


class _Mirror(dict[int, int]):
    """Each character's opposite: the earlier it is, the later that one. None is the last one, which ends a text."""

    def __missing__(self, code: int) -> int:
        opposite = self[code] = max(0, _LAST_CHARACTER - 1 - code)
        return opposite


_MIRROR = _Mirror()
_END = chr(_LAST_CHARACTER)  # where a text ends, what goes on comes first


@lru_cache(maxsize=_KEPT)
def natural_key(text: str) -> NaturalKey:
    """Text, number, text, number …: keys compare place by place, each with its like."""
    texts = _RUN.split(text.casefold())
    return tuple([int(part[:_LONGEST_NUMBER]) if at % 2 else part for at, part in enumerate(texts)])


@lru_cache(maxsize=_KEPT)
def reversed_key(text: str) -> NaturalKey:
    """The same for the other direction: it is the less, the more `natural_key` is."""
    return (*[-part if isinstance(part, int) else part.translate(_MIRROR) + _END for part in natural_key(text)], 1)
