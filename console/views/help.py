"""The help page, made from the keys that are bound and the places there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from console.views import states
from console.views.document import Block, Document, Heading, Pair, Prose
from console.views.ink import Ink, text
from console.views.keys import Act, Key
from console.views.place import VIEWS


def help_document(table: Sequence[Key], available: Iterable[Act]) -> Document:
    """Every key by group; those that do nothing here and now are faint."""
    return (*_keys(table, set(available)), *_words())


def _keys(table: Sequence[Key], available: set[Act]) -> Iterator[Block]:
    groups = list(dict.fromkeys(key.group for key in table))
    for group in groups:
        yield Heading(group)
        for key in (key for key in table if key.group == group):
            here = key.act in available
            yield Pair(key.shown, text(key.about, Ink.TEXT if here else Ink.FAINT))


def _words() -> Iterator[Block]:
    yield Heading("Views", "after :")
    for name, aliases in VIEWS.items():
        if name != "ci":
            yield Pair(f":{aliases[0]}", text("  ".join(f":{alias}" for alias in aliases[1:]), Ink.DIM))
    yield Prose(text("A class of items is a view too: :hosts  :filesystems  :endpoints", Ink.DIM))
    yield Prose(text("A record: :INC-12  :ci NAME  :service NAME  :check ID", Ink.DIM))
    yield Heading("Filter", "after / or behind a view")
    yield Prose(
        text(
            "text   !text   ~fuzzy   state=critical,unknown   name~part   name=~^web   opened_at>-2h",
            Ink.TEXT,
        )
    )
    yield Heading("Words of state")
    for title, words in (("check", states.CHECK), ("incident", states.INCIDENT), ("service", states.SERVICE)):
        spoken = tuple(
            span
            for state, (word, ink) in words.items()
            for span in ((word, ink), (f" {state.replace('_', ' ')}   ", Ink.DIM))
        )
        yield Pair(title, spoken)
    yield Prose(text("A check in small letters is being tried again before it counts.", Ink.DIM))
