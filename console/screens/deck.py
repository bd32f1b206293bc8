"""The one screen with its keys: what each asks of the board, the panes and the hub.

It dispatches: what is shown is the board's, what can be done is `console.views.deeds`, how it is done `Doer`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.message import Message

from cmdb.filter import FilterError
from cmdb.filter import parse as parse_filter
from cmdb.toml_file import TomlError
from console.actions import Outcome
from console.exporting import export, file_name
from console.output.themes import LOOKS
from console.past import rows_at, when
from console.screens.board import Board
from console.screens.doing import Doer
from console.screens.finder import Finder
from console.screens.help import Help
from console.screens.list_pane import ListPane
from console.screens.menu import Menu
from console.screens.record_pane import RecordPane
from console.settings import SLOTS, save_view
from console.views.catalogue import VIEWS
from console.views.cells import Row
from console.views.deeds import ACKNOWLEDGE, NOTE, RUN, Deed, possible
from console.views.keys import KEYS, Act
from console.views.place import Place, suggestions
from console.views.subject import Subject
from console.views.window import Window
from console.widgets.line import InkLine
from console.widgets.prompt import Prompt, Suggest
from console.widgets.sheet import Sheet
from console.widgets.table import Table


class Deck(Board):
    """The board, answering keys, clicks and words."""

    # Priority: a key is acted on before the next one is read, so that words typed ahead reach the prompt they are for.
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key.keys, f"do('{key.act}')", key.label, show=False, id=key.act, priority=True)
            for key in KEYS
            if key.act not in {Act.QUIT, Act.SAVED}
        ),
        *(Binding(slot, f"saved('{slot}')", show=False, priority=True) for slot in SLOTS),
    ]

    class RedrawAsked(Message):
        """The terminal shows something else than it should."""

    def on_mount(self) -> None:
        self._doer = Doer(self.link, self._ask, self._tell, self._perform)

    # --- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"do", "saved"} and self.query_one(Prompt).is_open:
            return False
        if action == "do" and parameters:
            return Act(str(parameters[0])) in self._offered()
        return True

    def on_key(self, _event: events.Key) -> None:
        self._pulse.typed()

    def action_do(self, act: str) -> None:
        """What a key asked for."""
        self._pulse.typed()
        getattr(self, f"_do_{act}")()

    @property
    def _scrolls(self) -> Table | Sheet:
        table = self.query_one(Table)
        return table if table.display else self.query_one(Sheet)

    def _do_down(self) -> None:
        self._scrolls.move(1)

    def _do_up(self) -> None:
        self._scrolls.move(-1)

    def _do_page_down(self) -> None:
        self._scrolls.move_page(1)

    def _do_page_up(self) -> None:
        self._scrolls.move_page(-1)

    def _do_top(self) -> None:
        self._scrolls.move_top()

    def _do_bottom(self) -> None:
        self._scrolls.move_bottom()

    def _do_detail_down(self) -> None:
        self.query_one(Sheet).move(3)

    def _do_detail_up(self) -> None:
        self.query_one(Sheet).move(-3)

    def _do_enter(self) -> None:
        pane = self._pane
        if pane is not None and (target := pane.target) is not None:
            self._show(self._trail.into(target), pane.known_of(target))

    def _do_out(self) -> None:
        if self._trail.here.filter:
            self._filter("")
        elif (place := self._trail.up()) is not None:
            self._show(place)
        elif self._at is not None:
            self._look_at("")

    def _do_last(self) -> None:
        self._show(self._trail.last() or self._trail.here)

    def _do_back(self) -> None:
        self._show(self._trail.back() or self._trail.here)

    def _do_forward(self) -> None:
        self._show(self._trail.forward() or self._trail.here)

    def _do_relations(self) -> None:
        if self._pane is not None and (subject := self._pane.subject) is not None and subject.ci:
            self._turn_or_go(Place("ci", subject.ci, tab="tree"))

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

    def _do_mark(self) -> None:
        self.query_one(Table).toggle_mark()
        self._draw_lines()

    def _do_wide(self) -> None:
        self._wide = not self._wide
        self._arrange()

    def _do_pause(self) -> None:
        self._paused = not self._paused
        if self._pane is not None:
            self._pane.hold(self._paused)
        self._draw_lines()

    def _do_sort(self) -> None:
        orders = list(VIEWS[self._trail.here.name].orders)
        current = orders.index(self._trail.here.sort) if self._trail.here.sort in orders else 0
        self._sort(orders[(current + 1) % len(orders)])

    def _sort(self, sort: str) -> None:
        place = self._trail.here
        if not place.record and sort != place.sort:
            self._amend(place.sorted_by(sort))

    def _filter(self, words: str) -> None:
        place = self._trail.here
        try:
            parse_filter(words)
        except FilterError as error:
            self._warn(str(error))
            return
        if words != place.filter:
            self._amend(place.filtered(words))

    def _amend(self, place: Place) -> None:
        """The same list in another order or filter: what is seen stays until the new rows are there."""
        window = self._windows.pop(self._trail.here, Window())
        window.restart()
        self._windows[place] = window
        self._show(self._trail.amend(place))

    def _do_theme(self) -> None:
        names = list(LOOKS)
        here = names.index(self.app.theme) if self.app.theme in names else 0
        self.app.theme = names[(here + 1) % len(names)]

    def _do_refresh(self) -> None:
        self.link.hurry()
        self.post_message(self.RedrawAsked())

    def _do_help(self) -> None:
        self.app.push_screen(Help(self._keys, self._offered(), self.moment))

    def _do_palette(self) -> None:
        self.app.push_screen(CommandPalette(providers=[Finder], placeholder="view, action or name"))

    def _do_copy(self) -> None:
        if self._pane is not None and (subject := self._pane.subject) is not None:
            self.app.copy_to_clipboard(subject.name)
            self._tell(Outcome(True, f"{subject.name} copied"))

    # --- moments, saved views, files

    def _do_time(self) -> None:
        self._ask("moment (-2h, 14:00, 2026-03-01T08:00; empty is now):", self._look_at)

    def _look_at(self, words: str) -> None:
        """At that moment from now on; at now again when there are no words."""
        at = when(words, self._clock.now()) if words else None
        if words and at is None:
            self._warn(f"{words}: no moment of the past; try -2h, 14:00 or 2026-03-01T08:00")
            return
        self._at = at
        self._windows.clear()
        self._show(self._trail.here)

    def action_saved(self, slot: str) -> None:
        words = self._settings.views.get(slot)
        if words is None:
            self._warn(f"No view is saved as {slot}: b saves this one")
        else:
            self.go(words)

    def _do_save_view(self) -> None:
        self._ask(f"save {self._trail.here.uri} as (1-9):", self._save_view)

    def _save_view(self, slot: str) -> None:
        words = self._trail.here.uri
        try:
            self._settings = save_view(self._files, self._settings, slot, words)
        except (OSError, TomlError, ValueError) as error:
            self._warn(str(error))
        else:
            self._tell(Outcome(True, f"{slot} leads to {words} from now on"))

    def _do_export(self) -> None:
        self._ask("export to (.csv .json .md .svg):", self._export, file_name(self._trail.here, self._clock.now()))

    def _export(self, path: str) -> None:
        pane = self._pane
        columns = pane.columns if isinstance(pane, ListPane) else self.query_one(Table).columns
        work = export(Path(path).expanduser(), columns, self._all_rows, self.app.export_screenshot, self.moment())
        self.run_worker(self._told(work), group="export")

    async def _told(self, work: Awaitable[Outcome]) -> None:
        self._tell(await work)

    async def _all_rows(self) -> Sequence[Row]:
        """What is shown, all of it: not only the rows that are loaded."""
        pane = self._pane
        if isinstance(pane, ListPane):
            return await rows_at(self.link, pane.place, pane.sort, self._at)
        window = None if pane is None else pane.window
        return [] if window is None else [window.rows[id_] for id_ in window.ids]

    # --- asking for words

    def _do_go(self) -> None:
        self._ask(":", lambda words: self.go(words) if words else None, suggest=suggestions)

    def _do_filter(self) -> None:
        self._ask("/", self._filter, self._trail.here.filter)

    def _ask(
        self, label: str, then: Callable[[str], None], words: str = "", suggest: Suggest = lambda _words: ()
    ) -> None:
        self.query_one("#crumbs").display = False
        self.query_one(Prompt).ask(label, then, words, suggest)

    @on(Prompt.Closed)
    def _asked(self) -> None:
        self.query_one("#crumbs").display = True
        self._arrange()

    # --- acting

    def deeds(self) -> Sequence[Deed]:
        """What can be done with what the cursor is on."""
        subject = None if self._pane is None else self._pane.subject
        return () if subject is None or self._readonly or self._at else possible(subject)

    @property
    def subject_name(self) -> str:
        subjects = self._subjects()
        return subjects[0].name if len(subjects) == 1 else f"{len(subjects)} marked"

    def do(self, deed: Deed) -> None:
        """Do it with what is marked, else with what the cursor is on."""
        self._doer.do(deed, self._subjects())

    def _subjects(self) -> Sequence[Subject]:
        return () if self._pane is None else self._pane.subjects

    def _do_acknowledge(self) -> None:
        self.do(ACKNOWLEDGE)

    def _do_note(self) -> None:
        self.do(NOTE)

    def _do_run(self) -> None:
        self.do(RUN)

    def _do_actions(self) -> None:
        deeds = self.deeds()
        if deeds:
            self.app.push_screen(Menu(self.subject_name, deeds), lambda deed: None if deed is None else self.do(deed))

    def _perform(self, deed: Deed, subjects: Sequence[Subject], words: str) -> None:
        self.run_worker(self._performed(deed, subjects, words), group="deeds")

    async def _performed(self, deed: Deed, subjects: Sequence[Subject], words: str) -> None:
        await self._doer.perform(deed, subjects, words)
        if self._pane is not None:
            self._pane.unmark()
            self._pane.heard()

    # --- what the widgets say

    @on(Table.Moved)
    def _cursor_moved(self) -> None:
        if self._pane is not None:
            self._pane.moved()
        self._draw_lines()

    @on(Table.Entered)
    def _row_opened(self) -> None:
        self._do_enter()

    @on(Table.Wanted)
    def _rows_wanted(self, event: Table.Wanted) -> None:
        if self._pane is not None:
            self._pane.wanted(event.offset, event.limit, event.anchor)

    @on(Table.SortAsked)
    def _title_clicked(self, event: Table.SortAsked) -> None:
        if self._pane is not None and self._pane.on_list:
            again = event.field == self._trail.here.sort
            self._sort(f"-{event.field}".removeprefix("--") if again else event.field)

    @on(InkLine.Clicked)
    def _line_clicked(self, event: InkLine.Clicked) -> None:
        pane = self._pane
        place = pane.tab_clicked(event.x) if event.line.id == "tabs" and isinstance(pane, RecordPane) else None
        if place is not None:
            self._turn(place)

    def on_resize(self, _event: events.Resize) -> None:
        if self._pane is not None:
            self._arrange()
