"""A real terminal for tests: a program in tmux on a server of its own, its keys pressed, its screen read."""

from __future__ import annotations

import itertools
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.waiting import wait_for

_NUMBERS = itertools.count(1)


class Terminal:
    """One program in one tmux window of a fixed size; ended by `with`, with everything in it."""

    def __init__(
        self,
        directory: Path,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        # A server that is ending still answers on its socket for a moment, and takes a newcomer with it.
        self._socket = directory / f"tmux{next(_NUMBERS)}"
        # Textual's pilot leaves the size of its last screen in the environment: the terminal's own is what counts.
        own = ["-u", "COLUMNS", "-u", "LINES"]
        self._command = [*own, *(f"{name}={value}" for name, value in (environment or {}).items()), *command]
        self._size = (columns, rows)

    def __enter__(self) -> Self:
        columns, rows = self._size
        # The program's last words stay on the screen: a test that waits in vain shows why.
        command = f"env {shlex.join(self._command)}; echo exit status $?; exec cat"
        self._tmux(
            "new-session", "-d", "-x", str(columns), "-y", str(rows), command, ";", "set", "-s", "escape-time", "0"
        )
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["tmux", "-S", str(self._socket), "kill-server"], capture_output=True, check=False, timeout=10)

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), "-f", "/dev/null", *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names (`Enter`, `Escape`, `C-p`), or type text."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type text letter by letter, none of it read as a key's name."""
        self._tmux("send-keys", "-l", text)

    def resize(self, columns: int, rows: int) -> None:
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def screen(self) -> str:
        """What the terminal shows, a line a row."""
        return self._tmux("capture-pane", "-p")

    def painted(self) -> str:
        """The same with the sequences of its colours."""
        return self._tmux("capture-pane", "-p", "-e")

    def click(self, column: int, row: int, *, button: int = 0, times: int = 1) -> None:
        """Press and release a button there, counted from 1, as a terminal reports it; 64 and 65 are the wheel."""
        self.type(f"\x1b[<{button};{column};{row}M\x1b[<{button};{column};{row}m" * times)

    def shows(self, *texts: str, limit_s: float = 60.0) -> str:
        """Wait until all of these are on the screen; the screen."""

        def found() -> str | None:
            screen = self.screen()
            return screen if all(text in screen for text in texts) else None

        try:
            screen = wait_for(f"{texts} on the screen", found, limit_s=limit_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.screen()}") from error
        assert screen is not None
        return screen

    def lacks(self, text: str, limit_s: float = 60.0) -> None:
        """Wait until this is not on the screen any more."""
        wait_for(f"{text!r} to leave the screen", lambda: text not in self.screen(), limit_s=limit_s)
