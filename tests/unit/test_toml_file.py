"""A wrong configuration is named by file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.config import Config, load_config
from cmdb.toml_file import TomlError


def loaded(folder: Path, text: str) -> Config:
    path = folder / "watchdeck.toml"
    path.write_text(text)
    return load_config(path)


def test_no_file_is_the_defaults(tmp_path: Path) -> None:
    assert load_config(tmp_path / "watchdeck.toml") == Config()


def test_what_the_file_says_wins_over_the_defaults(tmp_path: Path) -> None:
    config = loaded(tmp_path, "[incident]\nhold_down_s = 2\nmatrix = [[1, 1, 1], [2, 2, 2], [3, 3, 3]]\n")
    assert config.incident.hold_down_s == 2
    assert config.incident.matrix[1] == (2, 2, 2)
    assert config.agent == Config().agent


@pytest.mark.parametrize(
    ("text", "line", "key", "why"),
    [
        ("[incident]\nhold_down_s = 1\nhold_dwon_s = 2\n", 3, "incident.hold_dwon_s", "is not a known key"),
        ("# a comment\n\n[incidnet]\n", 3, "incidnet", "is not a known key"),
        ("agent.scan_intervall_s = 5\n", 1, "agent.scan_intervall_s", "is not a known key"),
        ("[agent]\nscan_interval_s = 'soon'\n", 2, "agent.scan_interval_s", "Expected float, got str"),
        ("[agent]\nscan_interval_s = 0\n", 2, "agent.scan_interval_s", "Expected float >= 1.0"),
        ('[hub]\nname = """\nname = 5\n"""\nmetrics_port = true\n', 5, "hub.metrics_port", "Expected int"),
        ("[incident]\nmatrix = [[1, 2, 3], [4, 5, 6], [1, 1, 1]]\n", 2, "incident.matrix[1][2]", "Expected int <= 5"),
        (
            '[[retention]]\nkind = "ci"\nkeep_d = 5\n[[retention]]\nkind = "cis"\n',
            5,
            "retention[1].kind",
            "Invalid enum",
        ),
        ('[[retention]]\nkind = "ci"\nkeep_d = "for ever"\n', 3, "retention[0].keep_d", "for ever"),
        ('[[retention]]\nkind = "ci"\nkeep_d = 0\n', 3, "retention[0].keep_d", "> 0"),
        ('[[retention]]\nkind = "check"\nclass = "host"\nkeep_d = 5\n', 1, "retention[0]", "only a ci has classes"),
        ('[[retention]]\nkind = "ci"\n', 1, "retention[0]", "neither keep_d nor exact_d"),
        ('[[retention]]\nkind = "ci"\nkeep_d = 5\nexact_d = 6\n', 1, "retention[0]", "longer than keep_d"),
        ('[[retention]]\nkind = "ci"\nkeep_d = 5\n' * 2, 4, "retention[1]", "the second rule for ci"),
        ("[hub]\nname = = 1\n", 2, "", "is not TOML"),
        ("[hub\n", 1, "", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, line: int, key: str, why: str) -> None:
    with pytest.raises(TomlError) as raised:
        loaded(tmp_path, text)
    error = raised.value
    assert (error.line, error.key) == (line, key)
    assert why in error.why
    assert error.what.startswith(f"{tmp_path / 'watchdeck.toml'}:{line}")
    assert error.next_step


def test_a_file_that_is_not_text_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "watchdeck.toml"
    path.write_bytes(b"[hub]\nname = '\xff'\n")
    with pytest.raises(TomlError, match=r"watchdeck\.toml:2"):
        load_config(path)


def test_an_unreadable_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "watchdeck.toml").mkdir()
    with pytest.raises(TomlError, match="cannot be read"):
        load_config(tmp_path / "watchdeck.toml")
