"""Acting on what the cursor is on, or on what is marked. What can be done is `console.views.deeds`."""

from __future__ import annotations

from collections.abc import Sequence

from console.screens.doing import Doer
from console.screens.menu import Menu
from console.screens.walk import Walk
from console.views.deeds import ACKNOWLEDGE, NOTE, RUN, Deed, possible
from console.views.subject import Subject


class Acting(Walk):
    """The keys that do something to records."""

    def on_mount(self) -> None:
        self._doer = Doer(self.link, self._ask, self._tell, self._perform)

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
