"""Acting on what the cursor is on, or on what is marked. What can be done is `console.views.deeds`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from console.screens.doing import Doer
from console.screens.form import FormDialog
from console.screens.menu import Menu
from console.screens.pane import Work
from console.screens.walk import Walk
from console.views.deeds import ACKNOWLEDGE, MAINTENANCE, NOTE, RUN, SILENCE, Deed, possible
from console.views.forms import Form
from console.views.subject import Subject


class Acting(Walk):
    """The keys that do something to records."""

    def on_mount(self) -> None:
        self._doer = Doer(self.link, self._ask, self._tell, self._perform, self._fill)

    def deeds(self) -> Sequence[Deed]:
        """What can be done with what the cursor is on."""
        subject = None if self._pane is None else self._pane.subject
        return () if subject is None or self.why_not else possible(subject)

    @property
    def why_not(self) -> str:
        """Why nothing can be done from here; empty where it can."""
        if self._readonly:
            return "This console is read-only: it looks, and does nothing"
        if self._at is not None:
            return "This is the past, which does not change: t and Enter lead back to now"
        if (self.link.state.status or {}).get("readonly"):
            return "The hub is read-only: see watchdeck status"
        return ""

    @property
    def undoes(self) -> bool:
        return self._doer.undoes

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

    def _do_silence(self) -> None:
        self.do(SILENCE)

    def _do_maintenance(self) -> None:
        self.do(MAINTENANCE)

    def _do_undo(self) -> None:
        self.begin(partial(self._then_look, self._doer.undo), "deeds")

    def _do_actions(self) -> None:
        deeds = self.deeds()
        if deeds:
            self.app.push_screen(Menu(self.subject_name, deeds), lambda deed: None if deed is None else self.do(deed))

    def _fill(self, form: Form) -> None:
        def filled(args: Any) -> None:
            if args is not None:
                self.begin(partial(self._then_look, partial(self._doer.fulfil, form, args)), "deeds")

        self.app.push_screen(FormDialog(form, self.link, self.moment), filled)

    def _perform(self, deed: Deed, subjects: Sequence[Subject], words: str) -> None:
        self.begin(partial(self._then_look, partial(self._doer.perform, deed, subjects, words)), "deeds")

    async def _then_look(self, work: Work) -> None:
        """Do it, and show what came of it."""
        await work()
        if self._pane is not None:
            self._pane.unmark()
            self._pane.heard()
        self._draw_lines()
