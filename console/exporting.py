"""Writing what is looked at into a file: the whole list for other programs, or the screen as a picture."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

from cmdb.hub.client import HubGone, HubRefusal
from console.actions import Outcome
from console.views.cells import Row
from console.views.columns import Column
from console.views.export import FORMATS
from console.views.moment import Moment
from console.views.place import Place


def file_name(place: Place, now: datetime) -> str:
    """What is proposed for a place."""
    return f"watchdeck-{place.class_ or place.name}-{now:%Y%m%d-%H%M%S}.csv"


async def export(
    path: Path,
    columns: Sequence[Column],
    rows: Callable[[], Awaitable[Sequence[Row]]],
    picture: Callable[[], str],
    moment: Moment,
) -> Outcome:
    """Write the file; its ending says what."""
    format_ = path.suffix.removeprefix(".").lower()
    if format_ != "svg" and format_ not in FORMATS:
        return Outcome(False, f"{path.name}: ends in none of .svg {' '.join(f'.{name}' for name in FORMATS)}")
    try:
        content = picture() if format_ == "svg" else FORMATS[format_](columns, await rows(), moment)
        await asyncio.to_thread(path.write_text, content, encoding="utf-8")
    except (OSError, HubGone, HubRefusal) as error:
        return Outcome(False, f"{path}: {error}")
    return Outcome(True, f"{path} written")
