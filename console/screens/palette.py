"""The palette: words in, and what they may mean below: views and actions at once, records as the hub finds them.

Enter takes the first. Typed before the records are there it waits for them, unless a view or an action is meant
clearly; what is typed after it is for whatever is shown then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from console.views.choice import Choice, is_clear, meant
from console.views.ink import Ink
from console.views.text import clean, fit
from console.widgets.drawing import look_of

MOST_SHOWN = 60
SHORTEST_NAME = 2
PAUSE_S = 0.12  # between the last letter and the question to the hub
_EDGES = 4
KEYS_CELLS = 6
Find = Callable[[str], Awaitable[Sequence[Choice]]]


class _Words(Input):
    """Gives Enter and the arrows to the palette; once Enter was pressed keeps what follows for later."""

    def __init__(self, palette: Palette) -> None:
        super().__init__(placeholder="view, action or name", compact=True, select_on_focus=False)
        self._palette = palette

    def _on_key(self, event: events.Key) -> None:  # type: ignore[override]
        if self._palette.takes(event):
            event.stop().prevent_default()


class Palette(ModalScreen[Choice | None]):
    """Gives what was chosen, or None. `fixed` is known here; `find` asks the hub."""

    DEFAULT_CSS = """
    Palette { align: center top; background: $background 60%; }
    Palette Vertical { width: 84; max-width: 100%; height: auto; max-height: 80%; margin-top: 2; background: $bar; }
    Palette Input, Palette Input:focus { border: none; background: $bar; background-tint: $bar 0%; padding: 0 1; }
    Palette Vertical { padding: 1 0; }
    Palette Label { color: $dim; padding: 0 2; display: none; }
    Palette Label.-shown { display: block; }
    Palette OptionList { border: none; background: $bar; height: auto; max-height: 100%; padding: 0; margin-top: 1; }
    Palette OptionList > .option-list--option { color: $foreground; padding: 0 1; }
    Palette OptionList > .option-list--option-highlighted { background: $cursor; color: $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+p", "dismiss(None)", show=False, priority=True),
        Binding("ctrl+c", "app.quit", show=False, priority=True),
    ]

    def __init__(self, fixed: Sequence[Choice], find: Find) -> None:
        super().__init__()
        self._fixed, self._find = fixed, find
        self._shown: Sequence[Choice] = fixed
        self._words = ""
        self._searching = False
        self._entered = False
        self._typed_on: list[events.Key] = []
        self._soon: Timer | None = None

    def compose(self) -> ComposeResult:
        with Vertical():
            yield _Words(self)
            yield OptionList()
            yield Label("", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self.set_focus(self.query_one(Input))  # at once: `focus()` waits its turn behind keys that are for it
        self._show(self._fixed)

    def on_resize(self) -> None:
        self._show(self._shown)

    # --- keys

    def takes(self, event: events.Key) -> bool:
        """Whether a key is for the list rather than for the words."""
        if self._entered:
            self._typed_on.append(event)
        elif event.key == "enter":
            self._enter()
        elif event.key in _STEPS:
            self._step(_STEPS[event.key])
        else:
            return False
        return True

    def _enter(self) -> None:
        words = self.query_one(Input).value.strip()
        self._look_for(words)
        if self._searching and not is_clear(self._fixed, words):
            self._entered = True
            self._say("looking for it")
        else:
            self._take(self.query_one(OptionList).highlighted)

    def _step(self, steps: int) -> None:
        options = self.query_one(OptionList)
        if self._shown:
            options.highlighted = ((options.highlighted or 0) + steps) % min(len(self._shown), MOST_SHOWN)

    def _take(self, index: int | None) -> None:
        if index is None or index >= len(self._shown):
            self._entered = False
            self._say("nothing has that name")
            self._type_on(self.query_one(Input))
            return
        self.dismiss(self._shown[index])

    def _type_on(self, target: Input) -> None:
        """What was typed after an Enter that found nothing is part of the words."""
        typed, self._typed_on = self._typed_on, []
        for event in typed:
            target.post_message(events.Key(event.key, event.character))

    @property
    def typed_on(self) -> Sequence[events.Key]:
        """What was typed after the Enter that chose."""
        return tuple(self._typed_on)

    # --- what is found

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._look_for(event.value.strip())

    def _look_for(self, words: str) -> None:
        """What is known at once; the hub is asked a moment later. Of the same words once: Enter may be here first."""
        if words == self._words:
            return
        self._words = words
        if self._soon is not None:
            self._soon.stop()
        self._searching = len(words) >= SHORTEST_NAME
        self._say("")
        self._show(meant(self._fixed, words) if words else self._fixed)
        self.workers.cancel_group(self, "find")
        if self._searching:
            self._soon = self.set_timer(PAUSE_S, lambda: self._search(words))

    @work(group="find")
    async def _search(self, words: str) -> None:
        found = await self._find(words)
        if not self.is_current:  # it was left before the answer came
            return
        self._searching = False
        moved_to = self.query_one(OptionList).highlighted or 0
        marked = self._shown[moved_to] if moved_to else None
        self._show([*meant([*self._fixed, *found], words), *(one for one in found if not meant([one], words))])
        if marked in self._shown[:MOST_SHOWN]:
            self.query_one(OptionList).highlighted = self._shown.index(marked)
        if self._entered:
            self._take(self.query_one(OptionList).highlighted)
        elif not self._shown:
            self._say("nothing has that name")

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._take(event.option_index)

    # --- drawing

    def _say(self, words: str) -> None:
        label = self.query_one(Label)
        label.update(words)
        label.set_class(bool(words), "-shown")

    def _show(self, choices: Sequence[Choice]) -> None:
        self._shown = choices
        options = self.query_one(OptionList)
        cells = min(84, self.size.width) - _EDGES
        options.set_options([Option(self._line(choice, cells)) for choice in choices[:MOST_SHOWN]])
        options.highlighted = 0 if choices else None

    def _line(self, choice: Choice, cells: int) -> Text:
        inks = look_of(self).inks
        keys = fit(choice.keys, KEYS_CELLS if choice.keys else 0)
        left = max(10, cells - len(keys))
        name = fit(clean(choice.name), min(left, max(26, left // 2)))
        about = fit(clean(choice.about), max(0, left - len(name) - 2))
        return Text.assemble(
            (name, inks[Ink.TEXT]), ("  ", inks[Ink.TEXT]), (about, inks[Ink.DIM]), (keys, inks[Ink.ACCENT])
        )


_STEPS = {"down": 1, "up": -1, "ctrl+n": 1, "ctrl+k": -1, "pagedown": 10, "pageup": -10}
