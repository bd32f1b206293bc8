"""What the README shows is what works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cmdb.services_file import load_services
from console.commands.grammar import NOUNS, SHORT_FORMS

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_its_service_is_read(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "shop.toml").write_text(example)
    declared = load_services(tmp_path)
    assert [service.name for service in declared.services] == ["shop"]
    assert declared.agreements[0].target == pytest.approx(0.999)


def test_its_commands_exist() -> None:
    nouns = re.findall(r"^watchdeck ([a-z]+)", README, re.MULTILINE)
    assert nouns
    assert set(nouns) <= {*NOUNS, *SHORT_FORMS}
