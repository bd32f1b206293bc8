"""What the deck shows: a list with the detail of its cursor's record, or one record's page. Each runs its own visit."""

# ruff: noqa: B027 - a pane overrides what it has a use for
from __future__ import annotations

import abc
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.link import Link
from console.settings import Settings
from console.views.cells import Row
from console.views.ink import Line
from console.views.moment import Moment
from console.views.place import Place
from console.views.subject import Subject
from console.views.window import Window
from console.widgets.sheet import Sheet
from console.widgets.table import Table

Work = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Stage:
    """What a pane may use: the two widgets, the link, and how to say that something changed.

    `at` is the moment of the past that is looked at. `changed` asks for a draw soon; `failed` tells a person;
    `start` has something done until the pane is left.
    """

    link: Link
    table: Table
    sheet: Sheet
    moment: Callable[[], Moment]
    changed: Callable[[], None]
    failed: Callable[[str], None]
    start: Callable[[Work], object]
    at: Callable[[], datetime | None]
    settings: Settings


class Pane(abc.ABC):
    """One place, as long as it is shown."""

    place: Place
    sort: str = ""
    tabs: int = 0
    orders: int = 0
    on_list: bool = False
    has_detail: bool = False
    detail_cells: int = 0

    @abc.abstractmethod
    def enter(self) -> None:
        """Begin: put into the widgets what is there already, and ask for the rest."""

    @abc.abstractmethod
    def draw(self) -> None:
        """Put into the widgets what is known now."""

    @property
    @abc.abstractmethod
    def window(self) -> Window | None:
        """The rows that the cursor moves over."""

    @property
    @abc.abstractmethod
    def subject(self) -> Subject | None:
        """What an action would be about."""

    @property
    def subjects(self) -> Sequence[Subject]:
        """What is marked, else what the cursor is on."""
        return () if self.subject is None else (self.subject,)

    @property
    @abc.abstractmethod
    def target(self) -> Place | None:
        """Where Enter leads."""

    @property
    def tab_line(self) -> Callable[[int], Line] | None:
        """The tabs in so many cells; None where there are none."""
        return None

    def known_of(self, target: Place) -> Row | None:
        """What is known of the target already, for its page's first moment."""
        return None

    def unmark(self) -> None:
        """What was marked has been done."""

    def tick(self) -> None:
        """A second went by."""

    def moved(self) -> None:
        """The cursor is on another row."""

    def wanted(self, offset: int, limit: int, anchor: str | None) -> None:
        """Rows are looked at that are not loaded."""

    def heard(self) -> None:
        """The hub was heard of again."""

    def hold(self, held: bool) -> None:
        """Stand still, or go on with what came meanwhile."""
