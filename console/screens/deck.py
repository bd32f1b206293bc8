"""The one screen with its keys: what each asks of the board, the panes and the hub.

It dispatches: what is shown is the board's, what can be done is `console.views.deeds`, how it is done `Doer`.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.message import Message

from console.output.themes import LOOKS
from console.screens.hearing import Hearing
from console.screens.help import Help
from console.screens.keeping import Keeping
from console.screens.lists import Lists
from console.screens.offering import Offering
from console.screens.record_pane import RecordPane
from console.screens.time_travel import TimeTravel
from console.settings import SLOTS
from console.views.keys import KEYS, Act
from console.views.offers import DOING
from console.widgets.line import InkLine
from console.widgets.prompt import Prompt
from console.widgets.sheet import Sheet
from console.widgets.table import Table


class Deck(Lists, TimeTravel, Keeping, Offering, Hearing):
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

    # --- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_open:
            return False
        if action in {"do", "saved"} and self.query_one(Prompt).is_open:
            return False
        if action == "do" and parameters:
            act = Act(str(parameters[0]))
            return act in self._offered() or (act in DOING and bool(self.why_not))
        return True

    def on_key(self, _event: events.Key) -> None:
        self._pulse.typed()

    async def action_do(self, act: str) -> None:
        """What a key asked for."""
        self._pulse.typed()
        if Act(act) not in self._offered():
            self._warn(self.why_not)
            return
        await self.run_act(Act(act))

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

    def _do_out(self) -> None:
        if self._trail.here.filter:
            self._filter("")
        elif (place := self._trail.up()) is not None:
            self._show(place)
        elif self._at is not None:
            self._look_at("")

    def _do_theme(self) -> None:
        names = list(LOOKS)
        here = names.index(self.app.theme) if self.app.theme in names else 0
        self.app.theme = names[(here + 1) % len(names)]

    def _do_refresh(self) -> None:
        self.link.hurry()
        self.post_message(self.RedrawAsked())

    def _do_help(self) -> None:
        self.app.push_screen(Help(self._keys, self._offered(), self.moment))

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
        if event.line.id == "scrubber":
            self._scrubbed(event.x, event.line.size.width)
        pane = self._pane
        place = pane.tab_clicked(event.x) if event.line.id == "tabs" and isinstance(pane, RecordPane) else None
        if place is not None:
            self._turn(place)

    def on_resize(self, _event: events.Resize) -> None:
        if self._pane is not None:
            self._arrange()
