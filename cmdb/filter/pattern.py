"""Texts as patterns: globs, fuzzy text, and regular expressions that cannot take for ever.

A filter runs in the hub for whoever may read: repetition of a repeated group, which makes Python's `re` try
exponentially many ways, is refused, and so is more repetition than a short text can bear.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

MOST_PATTERN_CHARACTERS = 200
MOST_REPETITIONS = 3
MOST_SEARCHED_CHARACTERS = 500
_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
_REPETITION = re.compile(r"[*+]|\{\d*,?\d*\}")


def pattern_error(text: str) -> str:
    """Why this is no regular expression that may be used here; empty when it is."""
    if len(text) > MOST_PATTERN_CHARACTERS:
        return f"a regular expression has at most {MOST_PATTERN_CHARACTERS} characters"
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        return f"not a regular expression: {error}"
    return _repetition_error(text)


def _repetition_error(text: str) -> str:
    repetitions, previous, at = 0, "", 0
    while at < len(text):
        if previous and (found := _REPETITION.match(text, at)):
            repetitions += 1
            if previous == ")":
                return "a group cannot be repeated in a filter's regular expression"
            at = found.end()
            continue
        atom = _ATOM.match(text, at)
        assert atom is not None
        previous, at = atom[0], atom.end()
    if repetitions > MOST_REPETITIONS:
        return f"a filter's regular expression has at most {MOST_REPETITIONS} repetitions"
    return ""


def searched(pattern: str, text: str) -> bool:
    """Whether the regular expression, ignoring case, is found in the beginning of the text."""
    return _compiled(pattern).search(text[:MOST_SEARCHED_CHARACTERS]) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


@dataclass(frozen=True)
class Glob:
    """Texts with anything between them (`a*b` is `("a", "b")`). One pass over the text, never back."""

    parts: tuple[str, ...]
    ignore_case: bool

    def __post_init__(self) -> None:
        if self.ignore_case:
            object.__setattr__(self, "parts", tuple(part.casefold() for part in self.parts))

    def is_in(self, text: str) -> bool:
        """Whether this is found somewhere in the text."""
        return self._end_in_order(self._folded(text), 0, self.parts) >= 0

    def is_all_of(self, text: str) -> bool:
        """Whether this is the whole text."""
        text = self._folded(text)
        head, *rest = self.parts
        if not rest:
            return text == head
        if not text.startswith(head):
            return False
        end = self._end_in_order(text, len(head), rest[:-1])
        return end >= 0 and len(text) - len(rest[-1]) >= end and text.endswith(rest[-1])

    def _folded(self, text: str) -> str:
        return text.casefold() if self.ignore_case else text

    @staticmethod
    def _end_in_order(text: str, at: int, parts: Iterable[str]) -> int:
        for part in parts:
            found = text.find(part, at)
            if found < 0:
                return -1
            at = found + len(part)
        return at


def has_letters(text: str, letters: str) -> bool:
    """Whether the text has these letters in this order, whatever is between them."""
    remaining = iter(text.casefold())
    return all(letter in remaining for letter in letters)
