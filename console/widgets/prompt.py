"""The line where words are typed: a place to go, a filter, a note. Not what they mean."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Label


class Purpose(enum.StrEnum):
    """What the words are for, and the sign before them."""

    GO = ":"
    FILTER = "/"
    WORDS = "words"
    COUNT = "count"


class _FirstMatch(Suggester):
    """Completes from words that the caller finds."""

    def __init__(self, find: Callable[[str], Sequence[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._find = find

    async def get_suggestion(self, value: str) -> str | None:
        found = self._find(value) if value else ()
        return found[0] if found else None


class Prompt(Horizontal):
    """Shown while somebody types; gives the words back, or that there were none."""

    DEFAULT_CSS = """
    Prompt { height: 1; display: none; background: $bar; }
    Prompt.-open { display: block; }
    Prompt Label { color: $accent; text-style: bold; width: auto; padding: 0 1 0 0; }
    Prompt Input { border: none; height: 1; padding: 0; width: 1fr; background: $bar; color: $foreground; }
    Prompt Input:focus { border: none; background: $bar; }
    Prompt Input > .input--suggestion { color: $faint; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("tab", "complete", show=False, priority=True),
    ]

    class Said(Message):
        """Enter was pressed."""

        def __init__(self, purpose: Purpose, words: str) -> None:
            super().__init__()
            self.purpose, self.words = purpose, words

    class Left(Message):
        """Escape was pressed: nothing is asked for."""

    class Typing(Message):
        """The words so far."""

        def __init__(self, purpose: Purpose, words: str) -> None:
            super().__init__()
            self.purpose, self.words = purpose, words

    def __init__(self, suggest: Callable[[str], Sequence[str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.purpose = Purpose.GO
        self._suggest = suggest

    def compose(self) -> ComposeResult:
        yield Label("", markup=False)
        yield Input(compact=True, suggester=_FirstMatch(self._suggestions), select_on_focus=False)

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def open(self, purpose: Purpose, label: str, words: str = "") -> None:
        """Ask for words; `words` are there already."""
        self.purpose = purpose
        self.query_one(Label).update(label)
        self.add_class("-open")
        line = self.query_one(Input)
        line.value = words
        line.cursor_position = len(words)
        line.focus()

    def close(self) -> None:
        self.remove_class("-open")

    def action_leave(self) -> None:
        self.close()
        self.post_message(self.Left())

    def action_complete(self) -> None:
        found = self._suggestions(self.query_one(Input).value)
        if found:
            self.query_one(Input).value = found[0]
            self.query_one(Input).cursor_position = len(found[0])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()
        self.post_message(self.Said(self.purpose, event.value.strip()))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self.post_message(self.Typing(self.purpose, event.value))

    def _suggestions(self, words: str) -> Sequence[str]:
        return self._suggest(words) if self.purpose is Purpose.GO else ()
