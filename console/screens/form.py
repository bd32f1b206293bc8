"""A dialog that asks for some words and shows what would come of them before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from cmdb.hub.client import HubGone, HubRefusal
from console.past import Asks
from console.views.document import Document, Prose
from console.views.forms import Field, Form
from console.views.ink import Ink, text
from console.views.moment import Moment
from console.views.text import clean
from console.widgets.sheet import Sheet

Filled = Mapping[str, Any]


class FormDialog(ModalScreen[Filled | None]):
    """Gives the arguments of the form's verb, or None when it was left."""

    DEFAULT_CSS = """
    FormDialog { align: center middle; background: $background 60%; }
    FormDialog Vertical { width: 72; max-width: 100%; height: auto; max-height: 100%; background: $bar; padding: 1 2; }
    FormDialog #heading { text-style: bold; padding-bottom: 1; }
    FormDialog Horizontal { height: 1; }
    FormDialog Horizontal Label { width: 12; color: $dim; }
    FormDialog Input, FormDialog Input:focus { border: none; height: 1; padding: 0 1; width: 1fr; }
    FormDialog Input { background: $bar; color: $foreground; }
    FormDialog Input:focus { background: $cursor; background-tint: $bar 0%; }
    FormDialog Sheet { height: auto; min-height: 7; max-height: 12; margin-top: 1; }
    FormDialog #keys { color: $dim; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", show=False, priority=True),
        Binding("down,tab", "step(1)", show=False, priority=True),
        Binding("up,shift+tab", "step(-1)", show=False, priority=True),
        Binding("ctrl+c", "app.quit", show=False, priority=True),
    ]

    def __init__(self, form: Form, link: Asks, moment: Callable[[], Moment]) -> None:
        super().__init__()
        self._form, self._link, self._moment_now = form, link, moment
        self._answer: Mapping[str, Any] | None = None  # the preview's, of what stands there now

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(self._form.title, id="heading", markup=False)
            for field in self._form.fields:
                yield from _line(field)
            yield Sheet(self._moment_now)
            yield Label("Enter next, then do it   Esc leave", id="keys", markup=False)

    def on_mount(self) -> None:
        inputs = list(self.query(Input))
        first_empty = next((line for line in inputs if not line.value), inputs[0])
        self.set_focus(first_empty)
        self._look()

    @property
    def _values(self) -> dict[str, str]:
        return {str(line.id): line.value.strip() for line in self.query(Input)}

    def action_step(self, steps: int) -> None:
        inputs = list(self.query(Input))
        here = next((position for position, line in enumerate(inputs) if line.has_focus), 0)
        self.set_focus(inputs[(here + steps) % len(inputs)])

    @on(Input.Changed)
    def _changed(self) -> None:
        self._look()

    def _look(self) -> None:
        self._answer = None
        if self._form.preview:
            self._looked()

    @work(group="preview", exclusive=True)
    async def _looked(self) -> None:
        try:
            answer = await self._link.call(self._form.preview, **self._form.previewed(self._values))
        except (HubRefusal, HubGone) as error:
            self._say((Prose(text(clean(error), Ink.WARNING)),))
        else:
            self._answer = answer
            self._say(self._form.shows(answer))

    def _say(self, document: Document) -> None:
        if self.is_current:  # else it was left before the answer came
            self.query_one(Sheet).show(document, from_top=True)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        """The next line that is empty; the form itself from the last one."""
        inputs = list(self.query(Input))
        position = inputs.index(event.input)
        if position + 1 < len(inputs):
            self.set_focus(inputs[position + 1])
            return
        try:
            args = self._form.args(self._values, self._moment_now().now)
            self.dismiss({**args, **self._confirmed()})
        except ValueError as error:
            self._say((Prose(text(clean(error), Ink.WARNING)),))

    def _confirmed(self) -> Mapping[str, Any]:
        """What was shown. Raises `ValueError` as long as nothing was."""
        if self._form.confirmed is None:
            return {}
        if self._answer is None:
            raise ValueError("it is not known yet what that would do: Enter again when it stands here")
        return self._form.confirmed(self._answer)


def _line(field: Field) -> ComposeResult:
    with Horizontal():
        yield Label(field.label, markup=False)
        yield Input(field.value, placeholder=field.about, id=field.name, compact=True, select_on_focus=False)
