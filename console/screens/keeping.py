"""Keeping what is seen: saved views, the clipboard, files."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from pathlib import Path

from cmdb.toml_file import TomlError
from console.actions import Outcome
from console.exporting import export, file_name
from console.past import rows_at
from console.screens.list_pane import ListPane
from console.screens.walk import Walk
from console.settings import save_view
from console.views.cells import Row
from console.widgets.table import Table


class Keeping(Walk):
    """What is shown, for later."""

    def _do_copy(self) -> None:
        if self._pane is not None and (subject := self._pane.subject) is not None:
            self.app.copy_to_clipboard(subject.name)
            self._tell(Outcome(True, f"{subject.name} copied"))

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
