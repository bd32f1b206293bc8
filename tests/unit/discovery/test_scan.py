"""A scan's promises: no section delays another, each has its outcome, only what changed changes a digest."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

import pytest

from agent.discovery.clean import clean_item
from agent.discovery.collector import Collector, Limits, Look, has_capabilities
from agent.discovery.digest import digest_of
from agent.discovery.scan import Report, scan
from agent.discovery.sections import SECTIONS, section_of
from agent.discovery.source import CommandFailed, CommandTooSlow, Unsupported
from agent.wire import Item


def _one(look: Look) -> Iterable[Item]:
    return [Item("os", "os", "Debian")]


def _outcomes(report: Report) -> dict[str, tuple[str, str]]:
    return {section.outcome.name: (section.outcome.outcome, section.outcome.detail) for section in report.sections}


def test_a_stuck_collector_is_late_and_delays_no_other() -> None:
    never = threading.Event()

    def stuck(look: Look) -> Iterable[Item]:
        never.wait(30.0)
        return []

    report = scan((Collector("cpu", stuck), Collector("os", _one)), Limits(section_s=0.2))
    never.set()
    assert _outcomes(report) == {"cpu": ("timeout", "took longer than 0.2 s"), "os": ("ok", "")}
    assert [item.key for item in report.sections[1].items] == ["os"]


@pytest.mark.parametrize(
    ("error", "outcome", "detail"),
    [
        (Unsupported("no RPM database"), "unsupported", "no RPM database"),
        (PermissionError(13, "Permission denied", "/etc/shadow"), "denied", "/etc/shadow: permission denied"),
        (CommandTooSlow("rpm took too long"), "timeout", "rpm took too long"),
        (CommandFailed("rpm ended with 1"), "failed", "rpm ended with 1"),
        (ValueError("7"), "failed", "ValueError: 7"),
    ],
)
def test_an_error_is_the_outcome_of_its_section_alone(error: Exception, outcome: str, detail: str) -> None:
    def broken(look: Look) -> Iterator[Item]:
        yield Item("cpu", "0", "a")
        raise error

    report = scan((Collector("cpu", broken), Collector("os", _one)))
    assert _outcomes(report) == {"cpu": (outcome, detail), "os": ("ok", "")}
    assert report.sections[0].items == []


def test_what_was_missed_makes_a_section_partial_and_nothing_seen_makes_it_denied() -> None:
    def blind(look: Look) -> Iterable[Item]:
        look.missed.append("DMI serial")
        return []

    def one_eyed(look: Look) -> Iterable[Item]:
        look.missed.append("DMI serial")
        return _one(look)

    report = scan((Collector("cpu", blind), Collector("os", one_eyed)))
    assert _outcomes(report) == {"cpu": ("denied", "not seen: DMI serial"), "os": ("partial", "not seen: DMI serial")}


def test_too_many_items_are_cut_and_said() -> None:
    def endless(look: Look) -> Iterator[Item]:
        number = 0
        while True:
            number += 1
            yield Item("package", f"dpkg/p{number}:amd64", "p")

    report = scan((Collector("dpkg", endless),), Limits(items=3))
    assert _outcomes(report)["dpkg"] == ("partial", "not seen: what goes beyond 3 items")
    assert report.sections[0].outcome.items == 3


def test_a_collector_gets_back_what_it_remembered() -> None:
    def counting(look: Look) -> Iterable[Item]:
        look.memory["scans"] = look.memory.get("scans", 0) + 1
        return []

    first = scan((Collector("os", counting),))
    assert scan((Collector("os", counting),), memory=first.memory).memory == {"os": {"scans": 2}}


@pytest.mark.parametrize(
    ("status", "sees"),
    [
        ("Name:\tx\nCapEff:\t0000000000080004\n", True),
        ("CapEff:\t000001ffffffffff\n", True),
        ("CapEff:\t0000000000000004\n", False),
        ("CapEff:\t0000000000000000\n", False),
        ("", False),
    ],
)
def test_two_capabilities_are_enough_to_see_all(status: str, sees: bool) -> None:
    assert has_capabilities(status) is sees


def test_metrics_and_order_do_not_change_a_digest_but_attributes_do() -> None:
    var = Item("filesystem", "/var", "/var", {"type": "ext4", "device": "/dev/sda"}, {"used_bytes": 1})
    root = Item("filesystem", "/", "/", {"type": "ext4"})
    same = Item("filesystem", "/var", "/var", {"device": "/dev/sda", "type": "ext4"}, {"used_bytes": 2})
    other = Item("filesystem", "/var", "/var", {"device": "/dev/sdb", "type": "ext4"}, {"used_bytes": 1})
    assert digest_of([var, root]) == digest_of([root, same])
    assert digest_of([var, root]) != digest_of([other, root])


def test_hostile_text_leaves_the_host_printable_and_bounded() -> None:
    item = clean_item(
        Item(
            "package", "dpkg/a\x1b[31m:amd64", "n" * 10_000_000,
            {"a\x00b": "x\u202ey", "deep": [[[[[[1]]]]]], "big": 1 << 70, "odd": float("nan")},
        )
    )  # fmt: skip
    assert item.key == "dpkg/a[31m:amd64"
    assert len(item.name) == 512
    assert item.attributes == {"ab": "xy", "deep": [[["[[[1]]]"]]], "big": None, "odd": None}


def test_every_class_and_key_belongs_to_one_section() -> None:
    for section in SECTIONS:
        for class_ in section.classes:
            assert section_of(class_, section.key_prefix[0] + "x") is section
    assert section_of("service", "shop") is None
