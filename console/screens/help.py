"""The keys and words of the console, over whatever is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from console.views.help import help_document
from console.views.keys import Act, Key
from console.views.moment import Moment
from console.widgets.sheet import Sheet


class Help(ModalScreen[None]):
    """Esc, `?` or `q` leads back."""

    DEFAULT_CSS = """
    Help { align: center middle; background: $background 60%; }
    Help Sheet { width: 84; max-width: 100%; height: 90%; background: $bar; padding: 1 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,f1,enter", "dismiss", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
        Binding("pagedown,space,ctrl+f", "page(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("g,home", "top", show=False),
        Binding("G,end", "bottom", show=False),
        Binding("ctrl+c", "app.quit", show=False, priority=True),
    ]

    def __init__(self, table: Sequence[Key], available: Iterable[Act], moment: Callable[[], Moment]) -> None:
        super().__init__()
        self._table, self._available, self._moment_now = table, tuple(available), moment

    def compose(self) -> ComposeResult:
        yield Sheet(self._moment_now)

    def on_mount(self) -> None:
        self.query_one(Sheet).show(help_document(self._table, self._available))

    def action_scroll(self, lines: int) -> None:
        self.query_one(Sheet).move(lines)

    def action_page(self, pages: int) -> None:
        self.query_one(Sheet).move_page(pages)

    def action_top(self) -> None:
        self.query_one(Sheet).move_top()

    def action_bottom(self) -> None:
        self.query_one(Sheet).move_bottom()
