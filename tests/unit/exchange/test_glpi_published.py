"""GLPI's own examples in and out again, held against the schema that GLPI publishes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from agent.wire import Item
from cmdb.exchange import glpi_export
from tests.unit.discovery.recorded import recorded
from tests.unit.exchange.hosts import a_host, glpi_of, read_twice

FOLDER = Path(__file__).parents[2] / "recorded/exchange/glpi"
EXAMPLES = sorted(path.name for path in FOLDER.glob("*_[0-9]*.json*"))
VALIDATOR = Draft7Validator(json.loads((FOLDER / "inventory.schema.json").read_text()))


def example(name: str) -> str:
    content = (FOLDER / name).read_bytes()
    return (gzip.decompress(content) if name.endswith(".gz") else content).decode()


def wrong(document: dict[str, Any]) -> list[str]:
    """What the schema says against it."""
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def test_the_schema_finds_what_is_wrong() -> None:
    assert wrong({"deviceid": "x", "itemtype": "Computer", "content": {"versionclient": 7}})


def test_computers_network_equipment_printers_and_phones_are_among_the_examples() -> None:
    assert {name.partition("_")[0] for name in EXAMPLES} == {"computer", "networkequipment", "printer", "phone"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_valid_as_it_came_and_as_it_goes(name: str) -> None:
    source = example(name)
    assert wrong(json.loads(source)) == []
    assert wrong(glpi_of(source)) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_comes_back_as_it_went(name: str) -> None:
    first, second = read_twice(example(name))
    assert first == second


def test_what_fusioninventory_and_our_own_agents_saw_is_valid() -> None:
    machine = Item(
        "virtual_machine",
        "u2",
        "guest",
        {"memory_bytes": 1 << 30, "vcpus": 2},
        {"state": "shut off"},
        {"dmi_uuid": "u2"},
    )
    database = Item("database", "redis:6379", "redis 6379", {"engine": "redis", "port": 6379}, {"size_bytes": 5})
    account = Item("account", "root", "root", {"uid": 0, "home": "/root"})
    disk = Item("disk", "vda", "vda", {"size_bytes": 10**9, "model": "X"})
    assert wrong(glpi_export.write(a_host(machine, database, account, disk))) == []
    assert wrong(glpi_of(recorded("exchange/fusioninventory-2.6.xml"))) == []
