"""The one screen that everything is looked at on: header, crumbs, a list or a record, keys.

It composes and dispatches: what is shown comes from view models, what is asked goes through panes and actions.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen

from cmdb.clock import Clock
from cmdb.filter import FilterError
from cmdb.filter import parse as parse_filter
from cmdb.hub.client import HubGone, HubRefusal
from cmdb.toml_file import TomlError
from console.actions import Outcome
from console.exporting import export, file_name
from console.link import Link, LinkState
from console.output.themes import LOOKS
from console.past import rows_at, when
from console.screens.doing import Doer
from console.screens.finder import Finder
from console.screens.help import Help
from console.screens.list_pane import ListPane
from console.screens.menu import Menu
from console.screens.pane import Pane, Stage
from console.screens.record_pane import RecordPane
from console.settings import SLOTS, Settings, SettingsFiles, save_view
from console.views.banner import banner
from console.views.catalogue import VIEWS
from console.views.cells import Row
from console.views.crumbs import crumbs
from console.views.deeds import ACKNOWLEDGE, NOTE, RUN, Deed, possible
from console.views.footer import footer
from console.views.glyphs import Glyphs
from console.views.header import header
from console.views.ink import Line
from console.views.keys import KEYS, Act, keys_with
from console.views.moment import Moment
from console.views.offers import offered
from console.views.place import NoSuchPlace, Place, parse, suggestions
from console.views.subject import Subject
from console.views.trail import Trail
from console.views.window import Window
from console.widgets.line import InkLine
from console.widgets.prompt import Prompt, Suggest
from console.widgets.pulse import Pulse
from console.widgets.sheet import Sheet
from console.widgets.table import Table

HOME = Place("triage")
LEVELS_EVERY_S = 15.0
DETAIL_FROM_CELLS = 104
PLAIN_BELOW_LINES = 10
REMEMBERED_LISTS = 32


class Deck(Screen[None]):
    """Owns the trail; has one list (`Table`) and one document (`Sheet`), of which it shows what the place needs."""

    DEFAULT_CSS = """
    Deck { background: $background; color: $foreground; layout: vertical; }
    Deck #body { height: 1fr; }
    Deck #banner, Deck #tabs { display: none; }
    Deck #banner.-shown, Deck #tabs.-shown { display: block; }
    Deck #sheet { border-left: solid $faint 50%; }
    Deck.-record #sheet { border-left: none; width: 1fr; }
    Deck.-plain #header, Deck.-plain #keys { display: none; }
    """
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

    def __init__(
        self,
        link: Link,
        clock: Clock,
        glyphs: Glyphs,
        settings: Settings,
        files: SettingsFiles,
        *,
        readonly: bool = False,
        home: Place = HOME,
    ) -> None:
        super().__init__()
        self._settings, self._files = settings, files
        self._keys = keys_with(settings.keys)
        self._at: datetime | None = None
        self.link, self._clock, self._glyphs, self._readonly = link, clock, glyphs, readonly
        self._trail = Trail(home)
        self._windows: OrderedDict[Place, Window] = OrderedDict()
        self._pane: Pane | None = None
        self._open = False  # its widgets are there
        self._wide = False
        self._paused = False
        self._at_risk = 0
        self._levels_at = 0.0
        self._lag_s = 0.0
        self._ticked_at = 0.0
        self._doer = Doer(link, self._ask, self._tell, self._perform)

    def compose(self) -> ComposeResult:
        yield InkLine(self._header, bar=True, id="header")
        yield InkLine(self._banner, id="banner")
        yield InkLine(self._crumbs, id="crumbs")
        yield Prompt(id="prompt")
        yield InkLine(self._tabs, id="tabs")
        with Horizontal(id="body"):
            yield Table(self.moment, id="table")
            yield Sheet(self.moment, id="sheet")
        yield InkLine(self._footer, bar=True, id="keys")

    def on_mount(self) -> None:
        self._pulse = Pulse(self, self._draw)
        self._stage = Stage(
            self.link,
            self.query_one(Table),
            self.query_one(Sheet),
            self.moment,
            self._pulse.ask,
            self._warn,
            self._start,
            lambda: self._at,
            self._settings,
        )
        self._open = True
        self._ticked_at = time.monotonic()
        self.set_interval(1.0, self._tick)
        self._show(self._trail.here)

    def on_unmount(self) -> None:
        self._open = False

    def moment(self) -> Moment:
        """Now or the moment that is looked at, in this terminal's signs."""
        return Moment(self._at or self._clock.now(), self._glyphs)

    # --- what the lines say

    def _header(self, cells: int) -> Line:
        state = self.link.state
        return header(
            state.status,
            cells,
            self._glyphs,
            connected=state.connected,
            trying=not state.tried,
            age_s=None if state.heard_at is None else time.monotonic() - state.heard_at,
            round_trip_s=state.round_trip_s,
            lag_s=self._lag_s,
            at_risk=self._at_risk,
            readonly=self._readonly,
            paused=self._paused,
            at=None if self._at is None else self.moment().clock(self._at),
        )

    def _banner(self, _cells: int) -> Line:
        state = self.link.state
        now = time.monotonic()
        return banner(state.why, state.retry_at - now, None if state.heard_at is None else now - state.heard_at)

    def _crumbs(self, cells: int) -> Line:
        pane = self._pane
        window = None if pane is None else pane.window
        title = pane.title if isinstance(pane, RecordPane) else None
        sort = "" if pane is None else pane.sort
        return crumbs(self._trail.parents, self._trail.here, title, sort, window, cells, self._glyphs)

    def _tabs(self, cells: int) -> Line:
        says = None if self._pane is None else self._pane.tab_line
        return () if says is None else says(cells)

    def _footer(self, cells: int) -> Line:
        return footer(self._keys, self._offered(), cells)

    # --- going

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

    def _window_of(self, place: Place) -> Window:
        """The window of an earlier visit, cursor and all, or a new one."""
        window = self._windows.pop(place, None) or Window()
        self._windows[place] = window
        while len(self._windows) > REMEMBERED_LISTS:
            self._windows.popitem(last=False)
        return window

    def _arrange(self) -> None:
        """Show of the widgets those that the place needs and the terminal has room for."""
        pane, table, sheet = self._pane, self.query_one(Table), self.query_one(Sheet)
        record = isinstance(pane, RecordPane)
        self.set_class(record, "-record")
        self.set_class(self.size.height < PLAIN_BELOW_LINES, "-plain")
        with_table = not record or (isinstance(pane, RecordPane) and pane.shows_table)
        table.display = with_table
        sheet.display = not with_table or (not record and self._has_detail)
        if sheet.display and not record:
            sheet.styles.width = min(72, max(41, self.size.width // 3 + 1))
        else:
            sheet.styles.width = "1fr"
        self.query_one("#tabs").set_class(pane is not None and pane.tab_line is not None, "-shown")
        if not self.query_one(Prompt).is_open:
            self.set_focus(table if with_table else sheet, scroll_visible=False)
        self._draw_lines()

    @property
    def _has_detail(self) -> bool:
        pane = self._pane
        return pane is not None and pane.has_detail and not self._wide and self.size.width >= DETAIL_FROM_CELLS

    def _start(self, work: Coroutine[Any, Any, None]) -> object:
        return self.run_worker(work, group="pane", exit_on_error=True)

    # --- drawing

    def _draw(self) -> None:
        if self._pane is None:
            return
        had_table, had_tabs = self.query_one(Table).display, self.query_one("#tabs").has_class("-shown")
        self._pane.draw()
        shows_table = not isinstance(self._pane, RecordPane) or self._pane.shows_table
        if shows_table != had_table or (self._pane.tab_line is not None) != had_tabs:
            self._arrange()
        self._draw_lines()

    def _draw_lines(self) -> None:
        for line in self.query(InkLine):
            line.update()

    def _tick(self) -> None:
        now = time.monotonic()
        self._lag_s = max(0.0, now - self._ticked_at - 1.0)
        self._ticked_at = now
        self.query_one(Table).ticked()
        if self._pane is not None and self.query_one(Sheet).display and not self._paused:
            self._pane.tick()
        self._draw_lines()

    # --- the hub

    def heard(self, state: LinkState) -> None:
        """The link changed, or the hub said how it is."""
        if not self._open:
            return
        away = state.tried and not state.connected
        self.query_one("#banner").set_class(away, "-shown")
        self.query_one(Table).dim(away)
        self.query_one(Sheet).dim(away)
        if state.connected:
            if self._pane is not None:
                self._pane.heard()
            if time.monotonic() - self._levels_at > LEVELS_EVERY_S:
                self._levels_at = time.monotonic()
                self.run_worker(self._count_levels(), group="levels", exclusive=True)
        self._draw_lines()

    async def _count_levels(self) -> None:
        try:
            agreements = await self.link.call("sla.list")
        except (HubGone, HubRefusal):
            return
        self._at_risk = sum(row.get("status") in {"at_risk", "breached"} for row in agreements)
        self._draw_lines()

    # --- keys

    def _offered(self) -> frozenset[Act]:
        pane, trail = self._pane, self._trail
        if pane is None:
            return frozenset()
        return offered(
            pane.subject,
            on_list=pane.on_list,
            enters=pane.target is not None,
            leads_out=bool(trail.parents or trail.can_go_back or trail.here.filter or self._at),
            tabs=pane.tabs,
            orders=pane.orders,
            has_detail=not isinstance(pane, RecordPane) and self._has_detail,
            detail_fits=pane.has_detail and self.size.width >= DETAIL_FROM_CELLS,
            previous=trail.previous is not None,
            back=trail.can_go_back,
            forward=trail.can_go_forward,
            readonly=self._readonly,
            saved=bool(self._settings.views),
            exports=pane.window is not None,
            past=self._at is not None,
        )

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

    def _tell(self, outcome: Outcome) -> None:
        self.notify(outcome.said, severity="information" if outcome.done else "warning", markup=False)

    def _warn(self, what: str) -> None:
        self._tell(Outcome(False, what))

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
