"""The console in the terminals that people have: few colours, none, no Unicode, light; with a mouse, and resized."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.installation import Installation
from tests.programs import needs
from tests.terminal import Terminal
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("terminal"), pytest.mark.timeout(240)]

FULL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
_RGB = re.compile(r"[34]8;2;(\d+);(\d+);(\d+)")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    needs("tmux")
    with Installation(tmp_path_factory.mktemp("terminals") / "state") as installation:
        for title in ("Replica lags", "Disk is full", "Mail waits"):
            installation.json("incident", "open", "--title", title, "--impact", "1", "--urgency", "1")
        yield installation


def console(installation: Installation, folder: Path, *options: str, **environment: str) -> Terminal:
    command = [sys.executable, "-m", "console.main", "console", "--state", str(installation.state), *options]
    return Terminal(folder, command, environment={"PYTHONPATH": str(Path.cwd()), **FULL, **environment})


def colours(painted: str) -> set[tuple[int, ...]]:
    """The colours that are not of the terminal's own palette."""
    return {tuple(map(int, found.groups())) for found in _RGB.finditer(painted)}


def test_sixteen_colours_are_enough(installation: Installation, tmp_path: Path) -> None:
    with console(installation, tmp_path, TERM="xterm", COLORTERM="") as terminal:
        terminal.shows("INC-1", "NEW", "Replica lags")
        painted = terminal.painted()
        assert not re.search(r"[34]8;[25];", painted)
        assert re.search(r"\x1b\[[0-9;]*3[1-7]", painted)


def test_no_color_leaves_shades_of_grey(installation: Installation, tmp_path: Path) -> None:
    with console(installation, tmp_path, NO_COLOR="1") as terminal:
        terminal.shows("INC-1", "NEW", "Replica lags")
        assert all(max(shade) - min(shade) <= 2 for shade in colours(terminal.painted()))
    with console(installation, tmp_path) as terminal:
        terminal.shows("INC-1", "NEW")
        assert any(max(shade) - min(shade) > 60 for shade in colours(terminal.painted()))


def test_a_terminal_without_unicode_gets_ascii(installation: Installation, tmp_path: Path) -> None:
    with console(installation, tmp_path, WATCHDECK_ASCII="1") as terminal:
        screen = terminal.shows("INC-1", "NEW", "Replica lags")
        # The line between list and detail is Textual's own.
        assert screen.replace("│", "|").isascii(), screen


def test_themes_go_round_and_the_words_stay(installation: Installation, tmp_path: Path) -> None:
    with console(installation, tmp_path) as terminal:
        terminal.shows("INC-1", "NEW")
        looks = [colours(terminal.painted())]
        for _ in range(2):
            terminal.press("T")
            wait_for("another theme", lambda: colours(terminal.painted()) - looks[-1], limit_s=60)
            assert "NEW" in terminal.shows("INC-1", "Replica lags")
            looks.append(colours(terminal.painted()))
        day = max(sum(shade) for shade in looks[1])
        assert day > 720  # a light ground


def test_clicks_and_the_wheel_do_what_they_do_elsewhere(installation: Installation, tmp_path: Path) -> None:
    with console(installation, tmp_path) as terminal:
        lines = terminal.shows("INC-1", "INC-2", "INC-3").splitlines()
        row = next(number for number, line in enumerate(lines, 1) if "INC-3" in line)
        terminal.click(30, row)
        wait_for("the cursor on INC-3", lambda: _cursor_is_on(terminal, "INC-3"), limit_s=60)
        terminal.click(30, row, times=2)
        terminal.shows("INC-3", "respond")
        terminal.press("Escape")
        terminal.type(":ci class=package\r")
        first = next(line for line in terminal.shows("1/").splitlines() if line.startswith("▌"))
        terminal.click(30, 10, button=65, times=3)
        wait_for("the list to scroll", lambda: first not in terminal.screen(), limit_s=60)


def test_it_follows_its_window(installation: Installation, tmp_path: Path) -> None:
    with console(installation, tmp_path) as terminal:
        terminal.shows("INC-1", "INC-3")
        for columns, rows in ((80, 24), (30, 8), (200, 50), (120, 40)):
            terminal.resize(columns, rows)
            wait_for(
                f"a screen of {columns} cells",
                lambda width=columns: _cursor_is_on(terminal, "") and _widest(terminal) <= width,  # type: ignore[misc]
                limit_s=60,
            )
        terminal.shows("INC-1", "NEW", "Replica lags")


def test_read_only_says_so_and_does_nothing(installation: Installation, tmp_path: Path) -> None:
    with console(installation, tmp_path, "--readonly") as terminal:
        terminal.shows("read-only", "INC-1")
        terminal.press("a")
        terminal.press("?")
        terminal.shows("next row")
        states = {row["state"] for row in installation.json("incident", "list")}
        assert states == {"new"}


def test_without_a_screen_it_is_lines(installation: Installation, tmp_path: Path) -> None:
    with console(installation, tmp_path, "--linear") as terminal:
        terminal.shows("triage: ", "rows; each says", "INC-1", "Replica lags")
        terminal.type("INC-2\r")
        terminal.shows("Disk is full", "respond")
        terminal.type("quit\r")
        terminal.shows("exit status 0")


def _cursor_is_on(terminal: Terminal, text: str) -> bool:
    return any(line.startswith("▌") and text in line for line in terminal.screen().splitlines())


def _widest(terminal: Terminal) -> int:
    return max(map(len, terminal.screen().splitlines()))
