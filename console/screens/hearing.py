"""What the board does when the hub is heard of, or no longer."""

from __future__ import annotations

import time

from cmdb.hub.client import HubGone, HubRefusal
from console.link import LinkState
from console.screens.board import Board
from console.widgets.sheet import Sheet
from console.widgets.table import Table

LEVELS_EVERY_S = 15.0


class Hearing(Board):
    """The board with its ear to the link."""

    def heard(self, state: LinkState) -> None:
        """The link changed, or the hub said how it is."""
        if not self.is_open:
            return
        away = state.tried and not state.connected
        self.query_one("#banner").set_class(away, "-shown")
        self.query_one(Table).dim(away)
        self.query_one(Sheet).dim(away)
        if not state.connected:
            self._said_where = ""
        else:
            self._say_where()
            if self._pane is not None:
                self._pane.heard()
            if time.monotonic() - self._levels_at > LEVELS_EVERY_S:
                self._levels_at = time.monotonic()
                self.begin(self._count_levels, "levels", exclusive=True)
        self._draw_lines()

    async def _count_levels(self) -> None:
        try:
            agreements = await self.link.call("sla.list")
            on_call = await self.link.call("oncall.who")
        except (HubGone, HubRefusal):
            return
        self._on_call = sorted({name for row in on_call for name in row.get("people") or ()})
        self._at_risk = sum(row.get("status") in {"at_risk", "breached"} for row in agreements)
        self._draw_lines()
