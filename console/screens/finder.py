"""The palette's finder: views, what can be done here, and any record by its name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from cmdb.hub.client import HubGone, HubRefusal
from console.views.place import CLASSES, VIEWS, Place, plural

if TYPE_CHECKING:
    from console.screens.deck import Deck

MOST_RECORDS = 12
SHORTEST_NAME = 2


class Finder(Provider):
    """Everything that the palette finds. Records are asked of the hub."""

    @property
    def _deck(self) -> Deck:
        return cast("Deck", self.screen)

    async def discover(self) -> Hits:
        for name, words, about in self._fixed():
            yield DiscoveryHit(name, words, help=about)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, words, about in self._fixed():
            if score := matcher.match(name):
                yield Hit(score, matcher.highlight(name), words, help=about)
        if len(query) >= SHORTEST_NAME:
            for place, name, about in await self._records(query):
                yield Hit(matcher.match(name) or 0.01, name, partial(self._deck.visit, place), help=about)

    def _fixed(self) -> Iterator[tuple[str, partial[None], str]]:
        for view in VIEWS:
            if view != "ci":
                yield f":{VIEWS[view][0]}", partial(self._deck.visit, Place(view)), "view"
        for deed in self._deck.deeds():
            yield deed.label, partial(self._deck.do, deed), f"do with {self._deck.subject_name}"
        for class_ in CLASSES:
            yield f":{plural(class_)}", partial(self._deck.visit, Place("ci", class_=class_)), "items of a class"

    async def _records(self, query: str) -> list[tuple[Place, str, str]]:
        try:
            items = await self._deck.link.call("ci.find", text=query, limit=MOST_RECORDS)
        except (HubRefusal, HubGone):
            return []
        return [(Place("ci", str(row["id"])), str(row["name"]), str(row["class"])) for row in items]
