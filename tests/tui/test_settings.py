"""What a person sets about the console, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.locations import Locations
from cmdb.toml_file import TomlError
from console.settings import Settings, SettingsFiles, read, save_view
from console.ssh.visit_locations import VisitLocations
from console.views.footer import footer
from console.views.ink import plain
from console.views.keys import Act, keys_with


@pytest.fixture
def files(tmp_path: Path) -> SettingsFiles:
    return SettingsFiles.of(Locations(tmp_path))


def test_no_file_is_a_whole_configuration(files: SettingsFiles) -> None:
    assert read(files) == Settings()


def test_saved_views_come_back(files: SettingsFiles) -> None:
    words = 'checks output~"100% \\"full\\"" sort=-since'
    settings = save_view(files, read(files), "3", words)
    settings = save_view(files, settings, "1", "triage")
    assert read(files).views == {"1": "triage", "3": words} == settings.views


def test_a_saved_view_has_one_digit(files: SettingsFiles) -> None:
    with pytest.raises(ValueError, match="1 to 9"):
        save_view(files, Settings(), "12", "triage")


def test_a_visitor_over_ssh_has_saved_views_of_their_own(tmp_path: Path, files: SettingsFiles) -> None:
    visit = SettingsFiles.of(VisitLocations(tmp_path, tmp_path / "visit.sock", "mia/../.."))
    save_view(visit, read(visit), "1", "agents")
    assert read(visit).views == {"1": "agents"}
    assert read(files).views == {}
    assert visit.saved.parent == tmp_path / "console-views"
    assert not visit.at_home


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        ('colour = "red"', 1, "colour"),
        ('ascii = true\ntheme = "pink"', 2, "theme: pink is none of night"),
        ('[keys]\nfly = "f"', 2, "keys.fly: is no act"),
        ('[keys]\n\nacknowledge = "ctrl+k,S"', 3, "S is the key of silence already"),
        ('[keys]\nnote = "f5"\nacknowledge = "f5"', 3, "f5 is the key of note already"),
        ('[columns]\nwidgets = ["STATE"]', 2, "columns.widgets: is no view"),
        ('[columns]\nchecks = ["STATE", "COLOUR"]', 2, "COLOUR is none of its columns: STATE"),
        ('[columns]\nhost = ["NAME", "COLOUR"]', 2, "COLOUR is none of its columns"),
        ('[views]\n1 = "nonsense"', 2, "no such view"),
        ('[views]\n10 = "triage"', 1, "views"),
        ("\nalarm_priority = 9", 2, "alarm_priority"),
    ],
)
def test_what_is_wrong_is_named(files: SettingsFiles, content: str, line: int, why: str) -> None:
    files.written.write_text(content)
    with pytest.raises(TomlError) as error:
        read(files)
    assert f"console.toml:{line}: " in str(error.value)
    assert why in str(error.value)


def test_another_key_is_shown_where_the_first_was() -> None:
    keys = keys_with({"acknowledge": "ctrl+k"})
    assert "^K Ack" in plain(footer(keys, {Act.ACKNOWLEDGE, Act.HELP}, 120))
