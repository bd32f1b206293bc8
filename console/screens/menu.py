"""What can be done with the record: a short list over the screen, each line with its key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from console.views.deeds import Deed


class Menu(ModalScreen[Deed | None]):
    """Gives the deed that was chosen, or None."""

    DEFAULT_CSS = """
    Menu { align: center middle; background: $background 60%; }
    Menu Vertical { width: 44; max-width: 100%; height: auto; max-height: 100%; background: $bar; padding: 1 2; }
    Menu Label { text-style: bold; padding-bottom: 1; }
    Menu OptionList, Menu OptionList:focus { border: none; background: $bar; height: auto; padding: 0; }
    Menu OptionList > .option-list--option { color: $foreground; }
    Menu OptionList > .option-list--option-highlighted,
    Menu OptionList:focus > .option-list--option-highlighted {
        background: $cursor; color: $foreground; text-style: bold;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,x", "dismiss(None)", show=False),
        Binding("j", "step(1)", show=False),
        Binding("k", "step(-1)", show=False),
        Binding("ctrl+c", "app.quit", show=False, priority=True),
    ]

    def __init__(self, title: str, deeds: Sequence[Deed]) -> None:
        super().__init__()
        self._heading, self._deeds = title, deeds

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(self._heading, markup=False)
            yield OptionList(*(Option(self._line(deed), deed.name) for deed in self._deeds), markup=False)

    @staticmethod
    def _line(deed: Deed) -> str:
        return f"{deed.key or ' '}  {deed.label}{'…' if deed.asks else ''}"

    def on_key(self, event: object) -> None:
        """A deed's own key chooses it."""
        letter = getattr(event, "character", None)
        for deed in self._deeds:
            if deed.key and deed.key == letter:
                self.dismiss(deed)

    def action_step(self, steps: int) -> None:
        options = self.query_one(OptionList)
        options.highlighted = ((options.highlighted or 0) + steps) % len(self._deeds)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._deeds[event.option_index])
