"""A thousand hosts, renamed, re-imaged, cloned and nameless, in any order: exactly the right records."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from cmdb.identity.decide import Outcome
from tests.unit.identity.register import Register, Report

ZEROS = {"serial": "0", "dmi_uuid": "00000000-0000-0000-0000-000000000000", "board_serial": "To Be Filled By O.E.M."}


def machine(number: int, chance: random.Random, **keys: Any) -> dict[str, Any]:
    """The keys of a machine of its own."""
    own = {
        "dmi_uuid": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "serial": f"SVC{number:05}",
        "vendor": "Dell Inc.",
        "board_serial": f"BRD{number:05}",
        "chassis_serial": f"CHS{number:05}",
        "machine_id": f"{chance.getrandbits(128):032x}",
        "ssh_host_key": [f"SHA256:{number}"],
        "macs": [f"00:1b:21:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"],
        "disk_serials": [f"DSK{number:05}"],
        "agent_key": f"agent-{number}",
        "name": f"host-{number}.example.org",
    }
    return own | keys


def lives(chance: random.Random) -> Iterator[list[dict[str, Any]]]:
    """What each of the thousand machines reports over its life."""
    for number in range(1000):
        own = machine(number, chance)
        other = machine(number + 5000, chance)
        match number // 100:
            case 0:
                yield [own, own | {"name": f"renamed-{number}"}]
            case 1:  # re-imaged
                yield [own, own | {name: other[name] for name in ("machine_id", "ssh_host_key", "agent_key")}]
            case 2:  # ten at a time from one image
                image = {"machine_id": f"{number // 10:032x}", "ssh_host_key": [f"SHA256:image-{number // 10}"]}
                clone = {name: own[name] for name in ("dmi_uuid", "macs", "agent_key", "name")} | image
                yield [clone, clone]
            case 3:  # firmware that says nothing
                blank = own | ZEROS | {"chassis_serial": "None", "disk_serials": []}
                yield [blank, blank | {"name": f"renamed-{number}"}]
            case 4:  # as a user, then as root
                yield [{name: own[name] for name in ("machine_id", "macs", "name")} | {"agent_key": f"u-{number}"}, own]
            case 5:
                yield [own, own | {"dmi_uuid": uuid.UUID(own["dmi_uuid"]).bytes_le.hex().upper()}]
            case 6:  # a card was swapped
                yield [own, own | {"macs": other["macs"]}]
            case 7:  # a board was replaced
                yield [own, own | {name: other[name] for name in ("dmi_uuid", "board_serial")}]
            case 8:  # shared docker and bond addresses, one data centre's default name
                yield [own | {"macs": [*own["macs"], "02:42:ac:11:00:02"]}, own]
            case _:
                yield [own, own]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("apart", [timedelta(milliseconds=50), timedelta(minutes=20)], ids=["at once", "over weeks"])
def test_a_fleet_in_any_order_is_a_thousand_records(seed: int, apart: timedelta) -> None:
    chance = random.Random(seed)
    reports = [(number, keys) for number, life in enumerate(lives(chance)) for keys in life]
    chance.shuffle(reports)
    register = Register()
    record_of: dict[int, set[str]] = {}
    for number, keys in reports:
        found = register.take(Report(keys, after=apart))
        assert found.outcome in {Outcome.SAME, Outcome.NEW}, (number, found.rule)
        record_of.setdefault(number, set()).add(register.last_host)
    assert all(len(records) == 1 for records in record_of.values())
    assert len({id_ for records in record_of.values() for id_ in records}) == 1000
    assert len(register.hosts) == 1000
