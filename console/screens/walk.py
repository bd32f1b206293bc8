"""Going from place to place: the trail, the pane of each place, and the keys that lead in, out and back."""

from __future__ import annotations

from console.screens.board import Board
from console.screens.list_pane import ListPane
from console.screens.record_pane import RecordPane
from console.views.cells import Row
from console.views.place import NoSuchPlace, Place, parse, suggestions
from console.views.subject import Subject
from console.views.window import Window
from console.widgets.sheet import Sheet

REMEMBERED_LISTS = 32


class Walk(Board):
    """The board, shown at a place."""

    def _begin(self) -> None:
        self._show(self._trail.here)

    def visit(self, place: Place) -> None:
        """To this place."""
        self._show(self._trail.go(place))

    def go(self, words: str) -> None:
        """To the place that these words name."""
        try:
            place = parse(words)
        except NoSuchPlace as error:
            self._warn(str(error))
            return
        self._show(self._trail.go(place))

    def _show(self, place: Place, known: Row | None = None) -> None:
        """`known` is what a list already says of the record."""
        self.workers.cancel_group(self, "pane")
        self._paused = False
        self.query_one(Sheet).show((), from_top=True)
        if place.record:
            self._pane = RecordPane(self._stage, place, known)
        else:
            self._pane = ListPane(self._stage, place, self._window_of(place))
        self._pane.enter()
        self._arrange()
        self._say_where()

    def _window_of(self, place: Place) -> Window:
        """The window of an earlier visit, cursor and all, or a new one."""
        window = self._windows.pop(place, None) or Window()
        self._windows[place] = window
        while len(self._windows) > REMEMBERED_LISTS:
            self._windows.popitem(last=False)
        return window

    def _do_enter(self) -> None:
        pane = self._pane
        if pane is not None and (target := pane.target) is not None:
            self._show(self._trail.into(target), pane.known_of(target))

    def _do_last(self) -> None:
        self._show(self._trail.last() or self._trail.here)

    def _do_back(self) -> None:
        self._show(self._trail.back() or self._trail.here)

    def _do_forward(self) -> None:
        self._show(self._trail.forward() or self._trail.here)

    def _do_relations(self) -> None:
        subject = None if self._pane is None else self._pane.subject
        if subject is not None and subject.place.name == "service":
            self._show(self._trail.into(Place("map", subject.place.record)))
        elif subject is not None and subject.ci:
            self._turn_or_go(Place("ci", subject.ci, tab="tree"))

    def _do_diff(self) -> None:
        """Two marked items with each other, else the item with another one or with another moment of itself."""
        pane = self._pane
        subjects = () if pane is None else [one for one in pane.subjects if one.place.name == "ci"]
        if len(subjects) == 2:
            self._diff(" ".join(map(_spoken, subjects)))
        elif subjects:
            label = f"compare {subjects[0].name} with (an item, or a moment of its own: -1d):"
            self._ask(label, lambda words: self._diff(f"{_spoken(subjects[0])} {words or '-1d'}"), "-1d")

    def _diff(self, words: str) -> None:
        self._show(self._trail.into(Place("diff", words)))

    def _turn_or_go(self, place: Place) -> None:
        if isinstance(self._pane, RecordPane) and (self._pane.place.name, self._pane.place.record) == (
            place.name,
            place.record,
        ):
            self._turn(place)
        else:
            self._show(self._trail.into(place))

    def _do_next_tab(self) -> None:
        if isinstance(self._pane, RecordPane):
            self._turn(self._pane.tab_beside(1))

    def _do_previous_tab(self) -> None:
        if isinstance(self._pane, RecordPane):
            self._turn(self._pane.tab_beside(-1))

    def _turn(self, place: Place) -> None:
        assert isinstance(self._pane, RecordPane)
        self._trail.amend(place)
        self._pane.turn(place)
        self._arrange()

    def _do_go(self) -> None:
        self._ask(":", lambda words: self.go(words) if words else None, suggest=suggestions)


def _spoken(subject: Subject) -> str:
    """An item in words: hosts by their name, others by their id, since names on hosts are alike."""
    return subject.ci_name if subject.ci_class == "host" else subject.place.record
