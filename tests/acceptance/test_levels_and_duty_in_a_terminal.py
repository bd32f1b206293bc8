"""Agreements, their days and terms, on-call, maps and the past in a real terminal: keys, mouse, another size."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.installation import Installation
from tests.integration.test_oncall_verbs import FILE as ON_CALL
from tests.programs import needs
from tests.terminal import Terminal
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("terminal"), pytest.mark.timeout(240)]
SHOP = """\
[[service]]
name = "shop"
owner = "mia"

[[service.component]]
name = "host"
select = "class=host"

[service.sla]
target = "99%"
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    needs("tmux")
    state = tmp_path_factory.mktemp("levels") / "state"
    (state / "services.d").mkdir(parents=True)
    (state / "services.d" / "shop.toml").write_text(SHOP)
    (state / "oncall.toml").write_text(ON_CALL)
    with Installation(state) as installation:
        yield installation


@pytest.fixture(params=[(120, 40), (80, 24)], ids=["wide", "narrow"])
def terminal(installation: Installation, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    columns, rows = request.param
    command = [sys.executable, "-m", "console.main", "console", "--state", str(installation.state)]
    environment = {"PYTHONPATH": str(Path.cwd()), "TERM": "xterm-256color"}
    with Terminal(tmp_path, command, columns=columns, rows=rows, environment=environment) as terminal:
        terminal.shows("triage", "link ")
        yield terminal


def go(terminal: Terminal, words: str, *expected: str) -> None:
    terminal.type(f":{words}\r")
    terminal.shows(*expected)


def place_of(terminal: Terminal, text: str) -> tuple[int, int]:
    """The column and row where this stands, counted from 1."""
    for row, line in enumerate(terminal.shows(text).splitlines(), start=1):
        if text in line:
            return line.index(text) + 1, row
    raise AssertionError(f"{text} is not on the screen")


def test_an_agreement_is_read_from_its_list_to_its_terms(terminal: Terminal) -> None:
    go(terminal, "sla", "AGREEMENT", "99.00%")
    terminal.type("/shop\r")
    terminal.shows("1/1")
    terminal.press("Enter")
    terminal.shows("Forecast", "Intervals")
    terminal.press("Tab", "Tab")
    terminal.shows("timezone", "shop.toml")
    terminal.press("BTab")
    terminal.shows("Notices")
    terminal.press("Escape")
    terminal.shows("AGREEMENT", "1/1")
    go(terminal, "days", "MISSED", "shop")
    terminal.press("Enter")
    terminal.shows("Forecast", "Days")


def test_a_form_is_left_without_a_trace_at_any_size(terminal: Terminal, installation: Installation) -> None:
    go(terminal, "service shop", "Components", "mia")
    terminal.press("x")
    terminal.shows("Edit its terms")
    terminal.press("E")
    terminal.shows("Terms of shop")
    terminal.type("owner=ada")
    terminal.shows('+owner = "ada"')
    terminal.resize(60, 16)
    terminal.shows('+owner = "ada"')
    terminal.press("Escape")
    terminal.lacks("Terms of shop")
    assert (installation.state / "services.d" / "shop.toml").read_text() == SHOP


def test_who_is_on_call_and_when_is_one_click_away(terminal: Terminal) -> None:
    go(terminal, "oncall", "SCHEDULE", "ops")
    column, row = place_of(terminal, "▌")  # the cursor's row
    terminal.click(column + 9, row, times=2)
    terminal.shows("Turns", "Overrides", "The next 14 days")
    column, row = place_of(terminal, "Turns")
    terminal.click(column, row)
    terminal.shows("FROM")
    terminal.resize(100, 30)
    terminal.shows("FROM", "Turns")
    go(terminal, "roster", "PERSON", "mia")


def test_the_map_leads_from_a_service_to_what_it_stands_on(terminal: Terminal) -> None:
    go(terminal, "map shop", "map of shop", "host")
    terminal.press("G", "Enter")
    terminal.shows("Overview", "Relations")
    terminal.press("Escape")
    terminal.shows("map of shop")


def test_the_past_is_a_strip_to_point_at_and_t_leads_back(terminal: Terminal) -> None:
    go(terminal, "hosts", "NAME")
    terminal.press("<")
    terminal.shows("as of", " now", "Nothing was here then")
    strip = next(n for n, line in enumerate(terminal.screen().splitlines(), start=1) if line.endswith(" now"))
    before = terminal.screen().splitlines()[strip - 1]
    terminal.click(30, strip)
    wait_for("another moment", lambda: terminal.screen().splitlines()[strip - 1] != before, limit_s=60)
    terminal.resize(70, 20)
    terminal.shows("as of", " now")
    terminal.press("t", "Enter")
    terminal.lacks("as of")
    terminal.shows("1/1")
