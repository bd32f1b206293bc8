"""Looking at a place over the link: a live window of a view, or one record. Not how it is drawn.

Both outlive the connection: when the hub comes back they ask anew and go on where they were.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cmdb.hub.client import HubClient, HubGone, HubRefusal, View
from console.link import Link
from console.past import Asks
from console.views.cells import Row
from console.views.nouns import NOUNS
from console.views.place import Place
from console.views.window import Window

Changed = Callable[[], None]
Refused = Callable[[str], None]
FIRST_ROWS = 100


class ListVisit:
    """Keeps a `Window` filled from a view of the hub."""

    def __init__(self, link: Link, place: Place, sort: str, window: Window, changed: Changed, refused: Refused) -> None:
        self._link, self._place, self._sort, self._window = link, place, sort, window
        self._changed, self._refused = changed, refused
        self._view: View | None = None
        self._wish: dict[str, Any] | None = None
        self._wished = asyncio.Event()
        self.held = False

    async def run(self) -> None:
        """Stay with the view until cancelled; end when the hub will not show it."""
        while True:
            client = await self._link.client()
            try:
                self._view = await self._opened(client, self._window.offset, max(FIRST_ROWS, len(self._window.ids)))
                if self._window.touched and self._window.cursor_id:
                    await self._view.move(anchor=self._window.cursor_id)
                self.adopt()
                await self._follow(self._view)
            except HubRefusal as refusal:
                self._refused(str(refusal))
                return
            except HubGone:
                self._link.broke()
            finally:
                await self._leave()

    async def whole(self, most: int) -> dict[str, Row]:
        """Its rows from the first on, by id. Raises `HubRefusal`, `HubGone`."""
        view = await self._opened(await self._link.client(), 0, most)
        await view.close()
        return dict(view.rows)

    async def _opened(self, client: HubClient, offset: int, limit: int) -> View:
        args = {"class": self._place.class_} if self._place.class_ else {}
        filter_, sort = self._place.filter, self._sort
        return await client.open_view(
            self._place.name, filter=filter_, sort=sort, offset=offset, limit=limit, args=args
        )

    def want(self, offset: int, limit: int, anchor: str | None) -> None:
        """Load these rows, or those around `anchor`. Of several wishes the last counts."""
        self._wish = {"limit": limit, "anchor": anchor} if anchor else {"offset": offset, "limit": limit, "anchor": ""}
        self._wished.set()

    def adopt(self) -> None:
        """Take what the view holds now into the window."""
        view = self._view
        if view is None or self.held:
            return
        self._window.take(
            total=view.total, matched=view.matched, offset=view.offset, ids=list(view.ids), rows=dict(view.rows)
        )
        self._changed()

    async def _follow(self, view: View) -> None:
        """Take its news until the hub is gone."""
        wishes = asyncio.create_task(self._wishes(view))
        try:
            async for _ in view:
                self.adopt()
        finally:
            wishes.cancel()

    async def _wishes(self, view: View) -> None:
        with contextlib.suppress(HubGone):  # the news end too, and say so
            while True:
                await self._wished.wait()
                self._wished.clear()
                wish, self._wish = self._wish, None
                if wish is not None:
                    await self._look(view, wish)

    async def _look(self, view: View, wish: dict[str, Any]) -> None:
        try:
            await view.move(**wish)
        except HubRefusal as refusal:
            self._refused(str(refusal))
            return
        self.adopt()
        if wish["anchor"] and self._window.lost:
            self._window.settle()
            self._changed()

    async def _leave(self) -> None:
        view, self._view = self._view, None
        if view is not None and self._link.connected.is_set():
            with contextlib.suppress(HubGone, HubRefusal):
                await view.close()


class RecordVisit:
    """Asks for one record, and again whenever the hub has been heard of."""

    def __init__(
        self,
        link: Link,
        place: Place,
        changed: Callable[[Row], None],
        refused: Refused,
        now: Callable[[], datetime],
        at: datetime | None = None,
    ) -> None:
        self._now, self._at = now, at
        self._link, self.place = link, place
        self._changed, self._refused = changed, refused
        self._again = asyncio.Event()
        self._last: Row | None = None

    async def run(self) -> None:
        """Until cancelled, or until the hub says that there is no such record."""
        while True:
            await self._link.client()
            try:
                row = await fetch(self._link, self.place, self._now(), self._at)
            except HubRefusal as refusal:
                self._refused(str(refusal))
                if self._last is None:
                    return
            except HubGone:
                continue
            else:
                if row != self._last:
                    self._last = row
                    self._changed(row)
            await self._again.wait()
            self._again.clear()

    def look_again(self) -> None:
        self._again.set()


async def fetch(link: Asks, place: Place, now: datetime, at: datetime | None = None) -> Row:
    """A record with all that its page shows, now or as it was. Raises `HubRefusal`, `HubGone`.

    A verb that answers with a list gives a row that has it as `rows`.
    """
    noun = NOUNS[place.name]
    past = {"at": at} if at is not None and noun.has_past else {}
    answer = await link.call(noun.show, **noun.asked_as(place.record, now), **past)
    row = {"id": place.record, **(answer if isinstance(answer, dict) else {"rows": answer})}
    for extra in noun.more.get(place.tab, ()):
        row[extra.name] = await link.call(extra.verb, **noun.asked_as(str(row["id"]), now), **extra.args)
    return row
