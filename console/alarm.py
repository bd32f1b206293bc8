"""Who is not looking hears of a new urgent incident: the terminal's bell and, where it can, a notification."""

from __future__ import annotations

from collections.abc import Callable

from cmdb.hub.client import HubGone, HubRefusal, View
from console.link import Link
from console.views.cells import Row
from console.views.text import clean

MOST_WATCHED = 200
LONGEST_CHARACTERS = 120


async def watch_for_alarms(link: Link, priority: int, ring: Callable[[str], None]) -> None:
    """Ring for each incident that is new since this began. Lives as long as the link."""
    known: set[str] | None = None
    while True:
        client = await link.client()
        try:
            view = await client.open_view("incidents", filter=f"priority<={priority}", limit=MOST_WATCHED)
            known = _ring(view, known, ring)
            async for changed in view:
                known = _ring(changed, known, ring)
        except HubGone:
            link.broke()
        except HubRefusal:
            return


def _ring(view: View, known: set[str] | None, ring: Callable[[str], None]) -> set[str]:
    """What was there when the console began is on its screen already."""
    ids = set(view.ids)
    for id_ in view.ids if known is not None else ():
        if known is not None and id_ not in known:
            ring(spoken(view.rows[id_]))
    return ids | (known or set())


def spoken(row: Row) -> str:
    """`P1 INC-12 replica lag 94 s`, short enough for a notification."""
    return f"P{row.get('priority')} INC-{clean(row.get('number'))} {clean(row.get('title'))}"[:LONGEST_CHARACTERS]


def notification(said: str) -> str:
    """OSC 9, which terminals that know it show on the desktop."""
    return f"\x1b]9;{clean(said)}\x07"
