"""What people say at the end of a command, in one word or many: over SSH quotes do not arrive."""

from __future__ import annotations

from collections.abc import Sequence

import click

MATCHING = ("=", "~", "<", ">")  # what a matcher or a filter has, and prose at night does not


def words(metavar: str = "[TEXT]...") -> click.Argument:
    """All that is left on the line, as `words`."""
    return click.Argument(["words"], nargs=-1, metavar=metavar)


def sentence(text: str | None, more: Sequence[str], needed: str = "") -> str:
    """The text of an option and the words after it. Raises `UsageError` where one is `needed` and nothing is said."""
    said = " ".join([*([text] if text else []), *more]).strip()
    if needed and not said:
        raise click.UsageError(needed)
    return said


def told_apart(given: Sequence[str]) -> tuple[list[str], list[str]]:
    """Matchers or a filter, up to the last word that compares something, and the prose after it."""
    ends = [number for number, word in enumerate(given, 1) if any(sign in word for sign in MATCHING)]
    last = max(ends, default=0)
    return list(given[:last]), list(given[last:])
