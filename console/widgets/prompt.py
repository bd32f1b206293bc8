"""The line where words are typed: a place to go, a filter, a note. Not what they mean: who asks says what then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Label

Suggest = Callable[[str], Sequence[str]]


def _nothing(_words: str) -> Sequence[str]:
    return ()


class _FirstMatch(Suggester):
    """Completes with the first of what the prompt finds."""

    def __init__(self, prompt: Prompt) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._prompt = prompt

    async def get_suggestion(self, value: str) -> str | None:
        found = self._prompt.suggest(value) if value else ()
        return found[0] if found else None


class _Line(Input):
    """Takes keys strictly in order: Enter ends the words where it stands, and what was typed after it goes on."""

    def __init__(self, prompt: Prompt) -> None:
        super().__init__(compact=True, suggester=_FirstMatch(prompt), select_on_focus=False)
        self._prompt = prompt

    def _on_key(self, event: events.Key) -> None:  # type: ignore[override]
        if not self._prompt.is_open:
            event.stop().prevent_default()
            self.app.post_message(events.Key(event.key, event.character))
        elif event.key == "enter":
            event.stop().prevent_default()
            self._prompt.submit(self.value.strip())

    def _on_hide(self, event: events.Hide) -> None:
        """Textual gives the focus away later, when the prompt may be open again; who asked takes it back at once."""
        event.prevent_default()


class Prompt(Horizontal):
    """Shown while somebody types; then gives the words to who asked, unless it was left."""

    DEFAULT_CSS = """
    Prompt { height: 1; display: none; background: $bar; }
    Prompt Label { color: $accent; text-style: bold; width: auto; padding: 0 1; }
    Prompt Input { border: none; height: 1; padding: 0; width: 1fr; background: $bar; color: $foreground; }
    Prompt Input:focus { border: none; background: $bar; background-tint: $bar 0%; }
    Prompt Input > .input--suggestion { color: $faint; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("tab", "complete", show=False, priority=True),
    ]

    class Closed(Message):
        """Nobody types any more."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.suggest: Suggest = _nothing
        self._then: Callable[[str], None] = lambda _words: None
        self._typed: Callable[[str], None] = lambda _words: None
        self._left: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        yield Label("", markup=False)
        yield _Line(self)

    @property
    def is_open(self) -> bool:
        return self.display

    def ask(
        self,
        label: str,
        then: Callable[[str], None],
        words: str = "",
        suggest: Suggest = _nothing,
        typed: Callable[[str], None] = lambda _words: None,
        left: Callable[[], None] = lambda: None,
    ) -> None:
        """Ask for words, of which some may be there already; `then` gets them at Enter.

        `typed` gets them as they are while they change, `left` is called when nobody wants to say any.
        """
        self._then, self._typed, self._left, self.suggest = then, typed, left, suggest
        self.query_one(Label).update(label)
        self.display = True
        line = self.query_one(Input)
        line.value = words
        line.cursor_position = len(words)
        self.screen.set_focus(line)  # at once: `focus()` waits its turn behind keys that are for this line

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self._typed(event.value.strip())

    def action_leave(self) -> None:
        self._close()
        self._left()

    def action_complete(self) -> None:
        line = self.query_one(Input)
        found = self.suggest(line.value)
        if found:
            line.value = found[0]
            line.cursor_position = len(found[0])

    def submit(self, words: str) -> None:
        """These are the words."""
        self._close()
        self._then(words)

    def _close(self) -> None:
        self.display = False
        self.post_message(self.Closed())
