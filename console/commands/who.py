"""`watchdeck who`: who is on, and what they look at."""

from __future__ import annotations

from console.commands.asking import list_command
from console.commands.text import Column

COLUMNS = (
    Column("PERSON", "name"),
    Column("ROLE", "role"),
    Column("VIA", "via"),
    Column("SINCE", "since"),
    Column("LOOKS AT", "place"),
)

who = list_command(
    "presence.list",
    COLUMNS,
    name="who",
    help_="Who is on, and what they look at.",
    empty="nobody is on but you",
    view="people",
)
