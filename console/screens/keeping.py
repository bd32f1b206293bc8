"""Keeping what is seen: saved views, the clipboard, files."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from functools import partial
from pathlib import Path

from cmdb.hub.client import HubGone, HubRefusal
from cmdb.toml_file import TomlError
from console.actions import Outcome
from console.exporting import export, file_name
from console.past import rows_at
from console.screens.list_pane import ListPane
from console.screens.walk import Walk
from console.settings import save_view
from console.views.cells import Row
from console.views.columns import Column
from console.views.export import FORMATS
from console.widgets.table import Table

LARGEST_COPY_BYTES = 64 * 1024  # what terminals take at once: xterm 100 kB of base64


class Keeping(Walk):
    """What is shown, for later."""

    def _do_copy(self) -> None:
        if self._pane is not None and (subject := self._pane.subject) is not None:
            self._copy(subject.name, subject.name)

    def _do_share(self) -> None:
        words = f":{self._trail.here.uri}"
        self._copy(words, words)

    def _copy(self, content: str, name: str) -> None:
        """To the clipboard of the terminal that shows this, wherever it is."""
        size_bytes = len(content.encode())
        if size_bytes > LARGEST_COPY_BYTES:
            self._warn(f"{name}: {size_bytes} bytes are too many for a terminal's clipboard; / narrows the list")
            return
        self.app.copy_to_clipboard(content)
        self._tell(Outcome(True, f"{name} copied"))

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
        if not self._files.at_home:
            self._ask("copy the list as (csv json md):", self._export_copy, "csv")
            return
        self._ask("export to (.csv .json .md .svg):", self._export, file_name(self._trail.here, self._clock.now()))

    def _export(self, path: str) -> None:
        work = export(Path(path).expanduser(), self._columns, self._all_rows, self.app.export_screenshot, self.moment())
        self.run_worker(self._told(work), group="export")

    @property
    def _columns(self) -> Sequence[Column]:
        pane = self._pane
        columns = pane.columns if isinstance(pane, ListPane) else self.query_one(Table).columns
        return [column for column in columns if not column.picture]

    def _export_copy(self, format_: str) -> None:
        self.begin(partial(self._copied, format_.lower().removeprefix(".")), "export")

    async def _copied(self, format_: str) -> None:
        if format_ not in FORMATS:
            self._warn(f"{format_}: is none of {' '.join(FORMATS)}")
            return
        try:
            rows = await self._all_rows()
        except (HubGone, HubRefusal) as error:
            self._warn(str(error))
            return
        self._copy(FORMATS[format_](self._columns, rows, self.moment()), f"{len(rows)} rows")

    async def _told(self, work: Awaitable[Outcome]) -> None:
        self._tell(await work)

    async def _all_rows(self) -> Sequence[Row]:
        """What is shown, all of it: not only the rows that are loaded."""
        pane = self._pane
        if isinstance(pane, ListPane):
            return await rows_at(self.link, pane.place, pane.sort, self._at)
        window = None if pane is None else pane.window
        return [] if window is None else [window.rows[id_] for id_ in window.ids]
