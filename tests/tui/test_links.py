"""Addresses that can be read on a page are links of the terminal, and lead nowhere else than they say."""

from __future__ import annotations

import pytest

from console.output.themes import NIGHT
from console.views.ink import text
from console.widgets.drawing import linked, strip_of

CELLS = 40


def _links(words: str) -> list[tuple[str, str]]:
    strip = linked(strip_of(text(words), CELLS, NIGHT), 1)
    assert strip.text == words[:CELLS].ljust(CELLS)
    return [(part.text, part.style.link) for part in strip if part.style is not None and part.style.link]


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("see https://wiki/db-1#lag, then call", "https://wiki/db-1#lag"),
        ("(http://10.0.0.1:8080/a?b=c)", "http://10.0.0.1:8080/a?b=c"),
    ],
)
def test_an_address_is_a_link_to_itself(words: str, address: str) -> None:
    assert _links(words) == [(address, address)]


@pytest.mark.parametrize("words", ["file:///etc/passwd", "javascript://x", "no://", "https://", "ssh://root@db-1"])
def test_nothing_else_is_one(words: str) -> None:
    assert _links(words) == []


def test_one_that_may_go_on_in_the_next_line_is_none() -> None:
    assert _links("https://" + "a" * (CELLS - 9)) == []
    assert _links("https://" + "a" * (CELLS - 10))
