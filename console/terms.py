"""Terms as people type them: `target=99.9% hours="Mon-Fri 08:00-18:00"`. What they mean is said in `services.d`."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Iterable
from typing import Any


def parse_terms(pairs: Iterable[str]) -> dict[str, Any]:
    """`target=99.9%` and the like; a value that is TOML is that, any other is text. Raises `ValueError`."""
    terms = {}
    for pair in pairs:
        term, equals, text = pair.partition("=")
        if not equals or not term.strip():
            raise ValueError(f"{pair!r} is not TERM=VALUE")
        terms[term.strip()] = _value(text)
    return terms


def parse_edits(pairs: Iterable[str]) -> dict[str, Any]:
    """The same; nothing after the equals sign takes the term out."""
    return {term: None if value == "" else value for term, value in parse_terms(pairs).items()}


def split_terms(line: str) -> list[str]:
    """What was typed in one line, as a shell would part it. Raises `ValueError`."""
    try:
        return shlex.split(line)
    except ValueError:
        raise ValueError("a quotation mark has no other") from None


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
