"""One session's process: the console with a browser for a terminal. Started by the server, a session each.

`textual-serve` speaks with it over stdin and stdout; when that ends, so does the console.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from textual.drivers.web_driver import WebDriver

from cmdb.locations import Locations
from console.app import run_console
from console.errors import CommandError
from console.main import say_error
from console.views.glyphs import UNICODE

_ENVIRONMENT = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}


class Browser(WebDriver):
    """Textual's driver for browsers, with an end: the stock one goes on when its server is gone."""

    def _enable_mouse_support(self) -> None:
        """Clicks and the wheel only, as in a terminal."""
        self.write("\x1b[?1000h\x1b[?1006h")

    def run_input_thread(self) -> None:
        super().run_input_thread()
        self._app.call_later(self._app.exit)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m console.web.browser", description="A console for a browser.")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--readonly", action="store_true")
    asked = parser.parse_args()
    os.environ.update(_ENVIRONMENT)  # the browser's, whatever the terminal of the server can show
    try:
        sys.exit(run_console(Locations(asked.state), readonly=asked.readonly, driver=Browser, glyphs=UNICODE))
    except CommandError as error:
        sys.exit(say_error(error))


if __name__ == "__main__":
    main()
