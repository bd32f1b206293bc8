"""The console: a Textual application over a link to the hub. What it shows is in `screens` and `views`.

It runs in a process of its own and takes the terminal; the hub lives elsewhere and may vanish and return.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable
from typing import Any, ClassVar

from textual._compositor import CompositorUpdate
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.screen import Screen

from cmdb.clock import Clock, SystemClock
from cmdb.locations import Locations
from cmdb.toml_file import TomlError
from console.alarm import notification, watch_for_alarms
from console.errors import CommandError
from console.exit_codes import Exit
from console.link import Link, LinkState
from console.output.signs import glyphs_of, has_sixteen_colours
from console.output.terminal import Terminal
from console.output.themes import LOOKS, NIGHT, SIXTEEN
from console.output.updates import CellUpdate, CellUpdates
from console.screens.deck import Deck
from console.screens.lines import HOME
from console.settings import Settings, SettingsFiles, read
from console.views.glyphs import ASCII, Glyphs
from console.views.keys import Act
from console.views.place import Place


class Console(App[None]):
    """One deck, one link, until somebody quits or the terminal is gone."""

    TITLE = "watchdeck"
    CSS = """
    OptionList, OptionList:focus { background-tint: $bar 0%; }
    * { scrollbar-size-vertical: 1; scrollbar-color: $faint; scrollbar-background: $bar; }
    Toast { background: $bar; border-left: outer $accent; padding: 0 1; max-width: 60; }
    Toast.-warning { border-left: outer $warning; }
    """
    ENABLE_COMMAND_PALETTE = False  # the deck opens its own
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", show=False, id=Act.QUIT),
        Binding("ctrl+c", "quit", show=False, priority=True),
    ]

    def __init__(
        self,
        locations: Locations,
        *,
        readonly: bool = False,
        clock: Clock | None = None,
        glyphs: Glyphs | None = None,
        settings: Settings | None = None,
        home: Place = HOME,
        driver: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver)
        self.link = Link(locations.hub_socket, self._link_changed)
        self._settings = settings or Settings()
        self._deck = Deck(
            self.link,
            clock or SystemClock(),
            glyphs or (ASCII if self._settings.ascii else glyphs_of(os.environ)),
            self._settings,
            SettingsFiles.of(locations),
            readonly=readonly,
            home=home,
        )
        self.set_keymap(self._settings.keys)
        self.cell_updates = CellUpdates()
        self.animation_level = "none"
        for look in LOOKS.values():
            self.register_theme(look.theme)
        self.theme = self._theme_name(self._settings.theme)

    def on_mount(self) -> None:
        self.push_screen(self._deck)
        self.run_worker(self.link.run(), group="link")
        if self._settings.alarm_priority:
            self.run_worker(watch_for_alarms(self.link, self._settings.alarm_priority, self._ring), group="alarm")

    @staticmethod
    def _theme_name(wanted: str) -> str:
        """The theme that was asked for, else one that the terminal has colours for."""
        if wanted in LOOKS:
            return wanted
        return (SIXTEEN if has_sixteen_colours(os.environ) else NIGHT).theme.name

    def _ring(self, said: str) -> None:
        self.bell()
        self.notify(said, title="New incident", severity="error", markup=False)
        if self._driver is not None and not self.is_headless:
            self._driver.write(notification(said))

    async def on_unmount(self) -> None:
        await self.link.close()

    def forget_frame(self) -> None:
        """The terminal may show something else than was written: draw every cell of the next frame."""
        self.cell_updates.forget()

    def on_resize(self) -> None:
        self.forget_frame()

    def on_deck_redraw_asked(self) -> None:
        self.forget_frame()
        self.screen.refresh(repaint=True, layout=True)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Write only the cells that changed; everything else is Textual's."""
        if isinstance(renderable, CompositorUpdate) and self._draws_cells:
            renderable = CellUpdate(renderable, self.cell_updates, self.size)
        super()._display(screen, renderable)

    @property
    def _draws_cells(self) -> bool:
        return os.environ.get("WATCHDECK_OUTPUT") != "stock" and not self.is_headless and not self.is_inline

    def _link_changed(self, state: LinkState) -> None:
        self._deck.heard(state)


def run_console(
    locations: Locations, *, readonly: bool = False, driver: type[Driver] = Terminal, glyphs: Glyphs | None = None
) -> int:
    """Run the console in this process's terminal until it is left; the exit status.

    `driver` and `glyphs` are for another screen than a terminal's.
    """
    try:
        settings = read(SettingsFiles.of(locations))
    except TomlError as error:
        raise CommandError(Exit.USAGE, error.what, error.why, "correct it, or take the file away") from error
    console = Console(locations, readonly=readonly, settings=settings, driver=driver, glyphs=glyphs)
    gc.freeze()  # what was imported stays: looking through it again would hold up a key for 80 ms now and then
    asyncio.run(_until_left(console))
    return console.return_code or 0


async def _until_left(console: App[Any]) -> None:
    leave: Callable[[], None] = console.exit
    loop = asyncio.get_running_loop()
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    await console.run_async()
