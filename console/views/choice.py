"""What the palette offers, and which of it is meant by some words. Not where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

WHOLE, START, WORD, INSIDE, SPREAD = range(5)  # how well words fit a name, the best first


@dataclass(frozen=True)
class Choice:
    """`do` is what choosing it does; `keys` do the same without the palette."""

    name: str
    about: str
    do: Callable[[], object]
    keys: str = ""


def fit_of(name: str, words: str) -> int | None:
    """How well words fit a name; None when they do not. Case counts nowhere, order of letters does."""
    name, words = name.lower().lstrip(":"), words.lower().strip().lstrip(":")
    if name == words:
        return WHOLE
    if name.startswith(words):
        return START
    if f" {words}" in name.replace("-", " ").replace("_", " "):
        return WORD
    if words in name:
        return INSIDE
    letters = iter(name)
    return SPREAD if all(letter in letters for letter in words.replace(" ", "")) else None


def meant(choices: Iterable[Choice], words: str) -> list[Choice]:
    """Those that fit, the best first; among equals the shorter name, then the given order."""
    fitting = [(fit, len(choice.name), choice) for choice in choices if (fit := fit_of(choice.name, words)) is not None]
    return [choice for _, _, choice in sorted(fitting, key=lambda found: found[:2])]


def is_clear(choices: Iterable[Choice], words: str) -> bool:
    """Whether one of these is meant so clearly that nothing else has to be asked for."""
    fits = (fit_of(choice.name, words) for choice in choices)
    return any(fit is not None and fit <= WORD for fit in fits)
