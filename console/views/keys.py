"""Every key, what it does and where: bindings, footer and help are made from this one table."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace


class Act(enum.StrEnum):
    """What a key asks for."""

    GO = "go"
    FILTER = "filter"
    HELP = "help"
    PALETTE = "palette"
    ENTER = "enter"
    OUT = "out"
    LAST = "last"
    BACK = "back"
    FORWARD = "forward"
    DOWN = "down"
    UP = "up"
    PAGE_DOWN = "page_down"
    PAGE_UP = "page_up"
    TOP = "top"
    BOTTOM = "bottom"
    NEXT_TAB = "next_tab"
    PREVIOUS_TAB = "previous_tab"
    DETAIL_DOWN = "detail_down"
    DETAIL_UP = "detail_up"
    MARK = "mark"
    MARK_ALL = "mark_all"
    SORT = "sort"
    WIDE = "wide"
    PAUSE = "pause"
    REFRESH = "refresh"
    ACKNOWLEDGE = "acknowledge"
    NOTE = "note"
    RUN = "run"
    ACTIONS = "actions"
    SILENCE = "silence"
    MAINTENANCE = "maintenance"
    UNDO = "undo"
    DIFF = "diff"
    EARLIER = "earlier"
    LATER = "later"
    COPY = "copy"
    SHARE = "share"
    RELATIONS = "relations"
    SAVE_VIEW = "save_view"
    SAVED = "saved"
    EXPORT = "export"
    TIME = "time"
    THEME = "theme"
    QUIT = "quit"


@dataclass(frozen=True)
class Key:
    """`keys` as Textual names them; `shown` as people read them. `rank` orders the footer; 0 is not in it."""

    act: Act
    keys: str
    shown: str
    label: str
    about: str
    group: str
    rank: int = 0


KEYS = (
    Key(Act.DOWN, "j,down", "j ↓", "Down", "next row", "Move"),
    Key(Act.UP, "k,up", "k ↑", "Up", "previous row", "Move"),
    Key(Act.PAGE_DOWN, "pagedown,ctrl+f", "PgDn ^F", "Page", "a page down", "Move"),
    Key(Act.PAGE_UP, "pageup,ctrl+b", "PgUp ^B", "Page", "a page up", "Move"),
    Key(Act.TOP, "g,home", "g Home", "Top", "first row", "Move"),
    Key(Act.BOTTOM, "G,end", "G End", "End", "last row", "Move"),
    Key(Act.ENTER, "enter", "Enter", "Open", "into the record", "Move", 2),
    Key(Act.OUT, "escape", "Esc", "Back", "out of it; clears a filter", "Move", 3),
    Key(Act.NEXT_TAB, "tab,l,right", "Tab l →", "Tab", "next tab of a record", "Move", 4),
    Key(Act.PREVIOUS_TAB, "shift+tab,h,left", "S-Tab h ←", "Tab", "previous tab", "Move"),
    Key(Act.DETAIL_DOWN, "J", "J", "Detail", "detail pane down", "Move"),
    Key(Act.DETAIL_UP, "K", "K", "Detail", "detail pane up", "Move"),
    Key(Act.GO, "colon", ":", "Go", "to a view or record: :checks state!=ok sort=-since", "Go", 6),
    Key(Act.FILTER, "slash", "/", "Filter", "text, field=value, !not, ~fuzzy", "Go", 5),
    Key(Act.LAST, "minus", "-", "Last", "the view before this one", "Go"),
    Key(Act.BACK, "left_square_bracket", "[", "Back", "back in history", "Go"),
    Key(Act.FORWARD, "right_square_bracket", "]", "Forward", "forward in history", "Go"),
    Key(Act.PALETTE, "ctrl+p", "^P", "Find", "any view, action or record by name", "Go", 12),
    Key(Act.RELATIONS, "R", "R", "Relations", "what the item stands on and what stands on it", "Go", 11),
    Key(Act.SORT, "s", "s", "Sort", "the next order; a click on a title sorts by it", "List", 13),
    Key(Act.MARK, "space", "Space", "Mark", "mark for an action on several", "List"),
    Key(Act.MARK_ALL, "asterisk", "*", "Mark all", "mark all that match the filter, or none", "List"),
    Key(Act.WIDE, "w", "w", "Wide", "detail pane on or off", "List"),
    Key(Act.PAUSE, "p", "p", "Pause", "hold the screen still, and go on", "List"),
    Key(Act.ACKNOWLEDGE, "a", "a", "Ack", "take the incident: you have it", "Do", 1),
    Key(Act.NOTE, "n", "n", "Note", "write into its timeline", "Do", 9),
    Key(Act.RUN, "r", "r", "Run", "run the check now", "Do", 8),
    Key(Act.SILENCE, "S", "S", "Silence", "nobody is told of it for a while", "Do", 10),
    Key(Act.MAINTENANCE, "M", "M", "Maintain", "it is worked on: no incident, no call", "Do"),
    Key(Act.UNDO, "u", "u", "Undo", "take back what was done last from here", "Do"),
    Key(Act.ACTIONS, "x", "x", "Actions", "all that can be done with it", "Do", 7),
    Key(Act.COPY, "y", "y", "Copy", "its name or number to the clipboard", "Do"),
    Key(Act.SHARE, "Y", "Y", "Share", "this view as one line, to the clipboard", "Do"),
    Key(Act.TIME, "t", "t", "Time", "look at a moment of the past: -2h, 14:00, 2026-03-01", "Go"),
    Key(Act.EARLIER, "less_than_sign", "<", "Earlier", "ten minutes back in time", "Go"),
    Key(Act.LATER, "greater_than_sign", ">", "Later", "ten minutes on, up to now", "Go"),
    Key(Act.DIFF, "d", "d", "Diff", "two marked items, or the item then and now", "Go"),
    Key(Act.SAVED, "1,2,3,4,5,6,7,8,9", "1-9", "Saved", "to a saved view", "Go"),
    Key(Act.SAVE_VIEW, "b", "b", "Save view", "save this view as 1-9", "Go"),
    Key(
        Act.EXPORT,
        "e",
        "e",
        "Export",
        "the list as csv, json or md; the screen as svg; over SSH to your clipboard",
        "Do",
    ),
    Key(Act.THEME, "T", "T", "Theme", "the next colour theme", "Console"),
    Key(Act.REFRESH, "ctrl+l", "^L", "Redraw", "draw anew; reconnect now when the hub is away", "Console"),
    Key(Act.HELP, "question_mark,f1", "?", "Help", "these keys", "Console", 99),
    Key(Act.QUIT, "q,ctrl+c", "q", "Quit", "leave the console; the hub goes on", "Console"),
)


def keys_with(changed: Mapping[str, str]) -> tuple[Key, ...]:
    """The keys with those that somebody set otherwise."""
    return tuple(
        key if key.act not in changed else replace(key, keys=changed[key.act], shown=_shown(changed[key.act]))
        for key in KEYS
    )


def _shown(keys: str) -> str:
    """`ctrl+x` as people read it."""
    names = (name.strip() for name in keys.split(","))
    return " ".join(f"^{name[5:].upper()}" if name.startswith("ctrl+") else name for name in names)
