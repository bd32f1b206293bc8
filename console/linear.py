"""The console without a screen: a line of words in, lines of text out. For screen readers, pipes and poor lines.

The same places, filters and deeds; nothing is drawn over, nothing moves by itself.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from typing import TextIO

from cmdb.clock import Clock, SystemClock
from cmdb.hub.client import HubClient, HubGone, HubRefusal
from cmdb.locations import Locations
from console.actions import perform
from console.errors import CommandError
from console.exit_codes import Exit
from console.past import rows_at
from console.views.catalogue import VIEWS
from console.views.columns import Column
from console.views.deeds import DEED
from console.views.document import layout
from console.views.glyphs import ASCII
from console.views.ink import plain
from console.views.item_columns import item_columns
from console.views.moment import Moment
from console.views.nouns import NOUNS
from console.views.place import VIEWS as PLACES
from console.views.place import NoSuchPlace, Place, parse
from console.views.subject import Subject
from console.visit import fetch

LINE_CELLS = 100
HELP = (
    f"A list: {', '.join(names[0] for view, names in PLACES.items() if view != 'ci')}, hosts.",
    "Narrowed and ordered: checks state!=ok sort=-since. A record: INC-12, ci NAME, check ID, service NAME.",
    "A deed: acknowledge 12, note 12 TEXT, resolve 12 TEXT, assign 12 NAME, hold 12 WHY, resume 12, close 12 WHY.",
    "An empty line says the last place again; quit leaves.",
)


async def answer(client: HubClient, words: str, clock: Clock, *, readonly: bool = False) -> list[str]:
    """What is said to a line of words. Raises `HubGone`."""
    if words in {"help", "?"}:
        return list(HELP)
    verb, _, rest = words.partition(" ")
    try:
        if verb in DEED and rest:
            return ["Read-only: nothing is done."] if readonly else [await _done(client, verb, rest)]
        return await _shown(client, parse(words), Moment(clock.now(), ASCII))
    except (NoSuchPlace, HubRefusal) as error:
        return [str(error)]


async def _done(client: HubClient, verb: str, rest: str) -> str:
    number, _, said = rest.partition(" ")
    digits = number.lower().removeprefix("inc-").removeprefix("#")
    if not digits.isdecimal():
        return f"{number}: no incident's number; write {verb} 12"
    deed = DEED[verb]
    if deed.asks and not said:
        return f"{deed.asks.format(f'INC-{digits}')}? write {verb} {digits} and the words"
    subject = Subject(Place("incident", digits), f"INC-{digits}", int(digits))
    return (await perform(client, deed, subject, said)).said


async def _shown(client: HubClient, place: Place, moment: Moment) -> list[str]:
    if place.record:
        noun = NOUNS[place.name]
        row = await fetch(client, place, moment.now)
        return [plain(line) for line in layout(noun.preview(row, moment), LINE_CELLS)]
    view = VIEWS[place.name]
    rows = await rows_at(client, place, place.sort or view.sort, None)
    if not rows:
        return [f"{place.uri}: {' '.join(view.empty)}"]
    of_view = item_columns(place.class_) if place.name == "ci" else view.columns
    columns = [column for column in of_view if not column.picture]
    spoken = ", ".join(column.title.lower() for column in columns)
    return [f"{place.uri}: {len(rows)} rows; each says {spoken}", *_lines(columns, rows, moment)]


def _lines(columns: Iterable[Column], rows: Iterable[dict[str, object]], moment: Moment) -> Iterable[str]:
    """A row a line; what it does not have is left out."""
    for row in rows:
        cells = (plain(column.render(row, moment)).strip() for column in columns)
        yield ", ".join(cell for cell in cells if cell and cell != moment.glyphs.dash)


def run_linear(locations: Locations, *, readonly: bool = False) -> int:
    """Answer lines until they end or somebody quits; the exit status. Raises `CommandError` when there is no hub."""
    try:
        asyncio.run(_converse(locations, sys.stdin, sys.stdout, SystemClock(), readonly=readonly))
    except HubGone as error:
        raise CommandError(
            Exit.UNREACHABLE, f"hub of {locations.state}", str(error), "start one with: watchdeck up"
        ) from error
    return Exit.DONE


async def _converse(locations: Locations, heard: TextIO, said: TextIO, clock: Clock, *, readonly: bool) -> None:
    async with await HubClient.connect(locations.hub_socket) as client:
        last = words = "triage"
        while words != "quit":
            lines = await answer(client, words, clock, readonly=readonly)
            said.write("\n".join([*lines, ""]))
            said.flush()
            line = await asyncio.to_thread(heard.readline)
            if not line:
                return
            words = line.strip() or last
            last = words
