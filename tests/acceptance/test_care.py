"""Looking after an installation: backup while it runs, restore, and what the doctor sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.installation import Installation
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


def _titles(installation: Installation) -> set[str]:
    return {row["title"] for row in installation.json("incident", "list", "--filter", "title~backup")}


def test_a_backup_of_a_running_hub_is_what_was_there_then(installation: Installation, tmp_path: Path) -> None:
    saved = tmp_path / "record.backup"
    installation.json("incident", "open", "--title", "before the backup")
    assert installation.json("backup", str(saved))["documents"] > 100
    installation.json("incident", "open", "--title", "after the backup")
    refused = installation.command("restore", str(saved))
    assert refused.returncode == 6, "a running hub keeps its record"
    installation.down()
    installation.json("restore", str(saved))
    installation.up()
    assert _titles(installation) == {"before the backup"}
    assert installation.json("audit", "verify")["broken_seq"] is None


def test_a_backup_brings_back_what_checks_measured(installation: Installation, tmp_path: Path) -> None:
    saved = tmp_path / "record.backup"
    check = wait_for("a check that was measured", lambda: _measured(installation))
    installation.json("backup", str(saved))
    installation.down()
    (installation.state / "series.db").write_bytes(b"lost")
    installation.json("restore", str(saved))
    installation.up()
    assert installation.json("check", "series", check)
    assert (installation.state / "series.db.before-restore").read_bytes() == b"lost"


def _measured(installation: Installation) -> str:
    """A check that has a series, or nothing."""
    checks = [row["id"] for row in installation.json("check", "list")]
    return next((check for check in checks if installation.json("check", "series", check)), "")


def test_a_backup_never_overwrites(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    refused = installation.command("backup", str(tmp_path / "precious"))
    assert refused.returncode == 1
    assert (tmp_path / "precious").read_text() == "mine"


def test_the_doctor_finds_nothing_on_a_well_installation_and_names_a_flipped_byte(installation: Installation) -> None:
    assert installation.json("doctor")["findings"] == []
    installation.down()
    database = installation.state / "watchdeck.db"
    content = bytearray(database.read_bytes())
    place = content.index(b"dpkg/")
    content[place] ^= 0xFF
    database.write_bytes(content)
    done = installation.command("doctor")
    assert done.returncode == 1
    assert "watchdeck.db" in done.stdout
