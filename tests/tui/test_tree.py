"""An item between what it stands on and what stands on it."""

from __future__ import annotations

from typing import Any

from console.views.ink import plain
from console.views.moment import Moment
from console.views.tree import tree
from tests.support.hub import START


def node(name: str, distance: int, via: str) -> dict[str, Any]:
    return {"id": name, "name": name, "class": "host", "state": "ok", "distance": distance, "via": via}


def drawn(row: dict[str, Any]) -> list[str]:
    listing = tree(row)
    item = next(column for column in listing.columns if column.title == "ITEM")
    return [plain(item.render(one, Moment(START))) for one in listing.rows]


def test_what_stands_on_it_is_above_and_what_it_stands_on_below() -> None:
    impact = {"nodes": [node("app", 1, "db"), node("shop", 2, "app"), node("blog", 1, "db")], "spared": []}
    depends = {"nodes": [node("host", 1, "db"), node("esx", 2, "host")]}
    assert drawn({"name": "db", "impact": impact, "depends": depends}) == [
        "  ↑ blog",
        "    ↑ shop",
        "  ↑ app",
        "db",
        "  ↓ host",
        "    ↓ esx",
    ]


def test_a_loop_ends_and_nothing_is_shown_twice() -> None:
    impact = {"nodes": [node("b", 1, "a"), node("c", 2, "b"), node("b", 3, "c")]}
    assert len(drawn({"name": "a", "impact": impact})) == 3


def test_an_item_alone_says_so() -> None:
    assert tree({"name": "a"}).rows == ()
