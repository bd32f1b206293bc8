"""The console run by Textual's pilot against a real hub in this process, and its screen as plain text."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from cmdb.clock import Clock
from cmdb.locations import Locations
from console.app import Console
from console.settings import Settings
from console.views.glyphs import UNICODE, Glyphs
from console.views.place import Place
from console.widgets.prompt import Prompt

NIGHT = Settings(theme="night")
LIMIT_S = 60.0  # what a loaded machine may take


def screen_of(console: Console) -> str:
    """What is on the screen, a line a row."""
    compositor = console.screen._compositor
    return "\n".join(strip.text.rstrip() for strip in compositor.render_strips())


class Seen:
    """A running console: press keys, wait for text."""

    def __init__(self, console: Console, pilot: Pilot[Any]) -> None:
        self.console, self.pilot = console, pilot

    @property
    def screen(self) -> str:
        return screen_of(self.console)

    @property
    def lines(self) -> list[str]:
        return self.screen.splitlines()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        await self.pilot.press(*(_KEY_NAMES.get(letter, letter) for letter in text))

    async def shows(self, *texts: str, limit_s: float = LIMIT_S) -> str:
        """Wait until all of these are on the screen; the screen."""
        return await self.until(lambda screen: all(text in screen for text in texts), f"shows {texts}", limit_s)

    async def hides(self, text: str, limit_s: float = LIMIT_S) -> str:
        return await self.until(lambda screen: text not in screen, f"hides {text!r}", limit_s)

    async def settled(self, for_s: float = 0.8, limit_s: float = LIMIT_S) -> str:
        """Wait until nothing has changed for a while."""
        deadline = time.monotonic() + limit_s
        screen, since = self.screen, time.monotonic()
        while time.monotonic() - since < for_s:
            assert time.monotonic() < deadline, f"still changing after {limit_s} s\n{self.screen}"
            await self.pilot.pause(0.05)
            if self.screen != screen:
                screen, since = self.screen, time.monotonic()
        return screen

    @property
    def prompt_is_open(self) -> bool:
        """Whether words are being asked for."""
        return bool(self.console.screen.query(Prompt)) and self.console.screen.query_one(Prompt).is_open

    def line_with(self, text: str) -> str:
        return next(line for line in self.lines if text in line)

    async def cursor_on(self, text: str) -> str:
        """Wait until the cursor's line says this; the screen."""
        return await self.until(lambda _screen: text in self.cursor_line, f"the cursor on {text!r}", LIMIT_S)

    @property
    def cursor_line(self) -> str:
        return next((line for line in self.lines if line.startswith(("▌", ">", "•"))), "")

    async def until(self, condition: Callable[[str], bool], what: str, limit_s: float) -> str:
        deadline = time.monotonic() + limit_s
        while not condition(self.screen):
            assert time.monotonic() < deadline, f"not within {limit_s} s: {what}\n{self.screen}"
            await self.pilot.pause(0.02)
        return self.screen


_KEY_NAMES = {
    ":": "colon", "/": "slash", " ": "space", "=": "equals_sign", "!": "exclamation_mark", "-": "minus",
    "?": "question_mark", ".": "full_stop", "~": "tilde",
}  # fmt: skip


@contextlib.asynccontextmanager
async def console_on(
    state: Path,
    *,
    size: tuple[int, int] = (120, 40),
    clock: Clock | None = None,
    glyphs: Glyphs = UNICODE,
    home: str = "triage",
    readonly: bool = False,
    locations: Locations | None = None,
    settings: Settings = NIGHT,
) -> AsyncIterator[Seen]:
    """A console on the installation at `state`, running inside the `async with`."""
    console = Console(
        locations or Locations(state),
        clock=clock,
        glyphs=glyphs,
        settings=settings,
        home=Place(home),
        readonly=readonly,
    )
    async with console.run_test(size=size, notifications=True) as pilot:
        yield Seen(console, pilot)
