"""A scan on its way in: only what was wanted, in order, within bounds, from the section that owns it."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.discovery.clean import clean_item, is_clean_item
from agent.wire import Item, Offer, ScanEnd, Section, SectionOutcome, Want
from cmdb.hub.intake import MOST_BYTES, Intake, Unfit, wanted
from cmdb.hub.item_faults import fault_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 1, 0, 5, tzinfo=UTC)


def outcome(name: str, digest: str = "new", outcome: str = "ok") -> SectionOutcome:
    return SectionOutcome(name, outcome, digest=digest)


def offer(*sections: SectionOutcome) -> Offer:
    return Offer(7, AT, sections)


def disk(key: str) -> Item:
    return Item(class_="disk", key=key, name=key)


def intake(*names: str) -> Intake:
    return Intake(offer(*map(outcome, names)), Want(7, names), 0.0, 0)


def test_only_sections_with_another_digest_are_wanted() -> None:
    offered = offer(outcome("disk", "same"), outcome("cpu", "new"), outcome("memory", "first"))
    assert wanted(offered, {"disk": "same", "cpu": "old"}) == Want(7, ("cpu", "memory"))


@pytest.mark.parametrize("how", ["denied", "timeout", "unsupported", "failed", "invented"])
def test_a_section_without_items_is_not_wanted(how: str) -> None:
    assert wanted(offer(outcome("disk", outcome=how)), {}) == Want(7, ())


def test_a_section_that_this_hub_never_heard_of_stays_with_the_agent() -> None:
    assert wanted(offer(outcome("telepathy")), {}) == Want(7, ())


def test_a_section_named_twice_is_refused() -> None:
    with pytest.raises(Unfit, match="named twice"):
        wanted(offer(outcome("disk"), outcome("disk")), {})


@pytest.mark.parametrize("name", ["d" * 65, "\x1b[2J", "a\nb"])
def test_a_section_with_a_name_that_nobody_could_read_is_refused(name: str) -> None:
    with pytest.raises(Unfit, match="too long, or holds control characters"):
        wanted(offer(outcome(name)), {})


def test_a_scan_is_of_the_moment_at_which_it_came_in_whatever_its_agents_clock_says() -> None:
    scan = Intake(Offer(7, datetime.max.replace(tzinfo=UTC), (outcome("disk"),)), Want(7, ()), 0.0, 0)
    assert scan.finished(ScanEnd(7, 0.1), NOW).at == NOW


def test_only_people_pin_a_record() -> None:
    with pytest.raises(Unfit, match="pins are for people to say"):
        intake("host").take(Section(7, "host", [Item("host", "host", "me", keys={"pins": [{"dmi_uuid": "1"}]})]), 0)


def test_parts_make_a_section() -> None:
    scan = intake("disk")
    scan.take(Section(7, "disk", [disk("sda")], part=0, last=False), 10)
    scan.take(Section(7, "disk", [disk("sdb")], part=1), 20)
    (section,) = scan.finished(ScanEnd(7, 0.1), NOW).sections
    assert [item.key for item in section.items or ()] == ["sda", "sdb"]


def test_a_section_that_was_not_wanted_gives_no_items() -> None:
    scan = Intake(offer(outcome("disk"), outcome("cpu")), Want(7, ("disk",)), 0.0, 0)
    scan.take(Section(7, "disk", []), 0)
    assert [section.items for section in scan.finished(ScanEnd(7, 0.1), NOW).sections] == [[], None]


@pytest.mark.parametrize(
    ("section", "why"),
    [
        (Section(8, "disk", []), "not what comes next"),
        (Section(7, "cpu", []), "not what comes next"),
        (Section(7, "disk", [], part=1), "not what comes next"),
        (Section(7, "disk", [Item(class_="host", key="", name="me")]), "section disk lists a host"),
    ],
)
def test_what_does_not_fit_is_refused(section: Section, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        intake("disk").take(section, 0)


def test_a_section_comes_once() -> None:
    scan = intake("disk")
    scan.take(Section(7, "disk", []), 0)
    with pytest.raises(Unfit, match="not what comes next"):
        scan.take(Section(7, "disk", []), 0)


def test_a_scan_that_ends_early_is_refused() -> None:
    with pytest.raises(Unfit, match="ends without disk"):
        intake("disk").finished(ScanEnd(7, 0.1), NOW)


def test_a_scan_without_end_is_refused() -> None:
    with pytest.raises(Unfit, match="more than"):
        intake("disk").take(Section(7, "disk", [], last=False), MOST_BYTES + 1)


def test_what_an_agent_says_is_made_clean() -> None:
    scan = Intake(
        offer(SectionOutcome("disk", "hacked", math.nan, "\x1b[2Jdenied", items=-1, digest="d" * 999)),
        Want(7, ("disk",)),
        0,
        0,
    )
    scan.take(Section(7, "disk", [Item(class_="disk", key="k\u0378", name="n", attributes={"a": b"\xff"})]), 0)
    (section,) = scan.finished(ScanEnd(7, 0.1), NOW).sections
    assert section.outcome.outcome == "failed"
    assert section.outcome.detail == "[2Jdenied"
    assert len(section.outcome.digest) == 64
    assert (section.outcome.duration_s, section.outcome.items) == (0.0, 0)
    assert section.items is not None
    (item,) = section.items
    assert (item.key, item.name) == ("k", "n")
    assert isinstance(item.attributes["a"], str)


def known_intake() -> Intake:
    return Intake(offer(outcome("disk")), Want(7, ("disk",), {"disk": "then"}), 0.0, 0)


def test_of_a_section_that_is_on_record_whole_the_differences_are_wanted() -> None:
    offered = offer(outcome("disk"), outcome("cpu"), outcome("virtual_machine"))
    digests = {"disk": "then", "cpu": "then", "virtual_machine": "then"}
    assert wanted(offered, digests, ["disk", "virtual_machine"]).known == {"disk": "then"}


def test_differences_come_in_parts_too() -> None:
    scan = known_intake()
    scan.take(Section(7, "disk", [disk("sda")], last=False, base="then"), 0)
    scan.take(Section(7, "disk", [], part=1, base="then", gone=[("disk", "sdb")]), 0)
    (section,) = scan.finished(ScanEnd(7, 0.1), NOW).sections
    assert (section.items, section.gone, section.is_whole) == ([disk("sda")], [("disk", "sdb")], False)


def test_an_agent_may_send_all_where_differences_would_do() -> None:
    scan = known_intake()
    scan.take(Section(7, "disk", [disk("sda")]), 0)
    (section,) = scan.finished(ScanEnd(7, 0.1), NOW).sections
    assert section.is_whole


@pytest.mark.parametrize(
    "parts",
    [
        [Section(7, "disk", [], base="another")],
        [Section(7, "disk", [], gone=[("disk", "sdb")])],
        [Section(7, "disk", [], last=False), Section(7, "disk", [], part=1, base="then")],
        [Section(7, "disk", [], last=False, base="then"), Section(7, "disk", [], part=1)],
    ],
    ids=["from another state", "gone from nothing", "begun whole", "ended whole"],
)
def test_differences_from_what_the_hub_does_not_have_are_refused(parts: list[Section]) -> None:
    scan = known_intake()
    *before, last = parts
    for part in before:
        scan.take(part, 0)
    with pytest.raises(Unfit, match="differences from what this hub does not have"):
        scan.take(last, 0)


def test_what_is_gone_must_be_the_sections_own() -> None:
    with pytest.raises(Unfit, match="section disk lists a package"):
        known_intake().take(Section(7, "disk", [], base="then", gone=[("package", "dpkg/openssl")]), 0)


def nested(levels: int) -> object:
    value: object = "bottom"
    for _ in range(levels):
        value = {"in": value}
    return value


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (Item("disk", "sda", "x" * 10_000_000), "name is 10000000 characters long, more than 512"),
        (Item("disk", "s\x1b[2Jda", "sda"), r"disk s\[2Jda: key holds control characters"),
        (Item("disk", "sda", "\u202eadsda"), "name holds control characters"),
        (Item("disk", "sda", "sda", {"model": "a\0b"}), "attributes.model holds control characters"),
        (Item("disk", "sda", "sda", {"size_bytes": -1}), "disk sda: size_bytes is below zero"),
        (Item("disk", "sda", "sda", metrics={"used_bytes": -0.5}), "used_bytes is below zero"),
        (Item("disk", "sda", "sda", {"size": 1 << 63}), "attributes.size is no number that can be kept"),
        (Item("disk", "sda", "sda", {"load": math.inf}), "attributes.load is no number that can be kept"),
        (Item("disk", "sda", "sda", {"deep": nested(100)}), "nested more than 4 deep"),
        (Item("disk", "sda", "sda", {"many": ["x"] * 513}), "attributes.many has 513 entries, more than 512"),
        (Item("disk", "sda", "sda", {"n" * 129: 1}), "a name in attributes is 129 characters long"),
        (Item("disk", "sda", "sda", keys={"serial": "\n"}), "keys.serial holds control characters"),
        (Item("disk", "sda", "sda", relations=(("runs_on", "disk", "\r"),)), "a relation holds control characters"),
        (Item("disk", "sda", "sda", relations=(("runs_on", "disk", "sdb"),) * 513), "has 513 relations"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_no_agent_would_send_is_refused_with_the_reason(item: Item, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        intake("disk").take(Section(7, "disk", [item]), 0)


def test_an_item_that_is_listed_twice_is_refused() -> None:
    scan = intake("disk")
    scan.take(Section(7, "disk", [disk("sda")], last=False), 0)
    with pytest.raises(Unfit, match="section disk, disk sda: listed twice"):
        scan.take(Section(7, "disk", [disk("sda")], part=1), 0)


def test_a_size_that_was_counted_wrong_does_not_leave_the_host() -> None:
    cleaned = clean_item(Item("memory", "memory", "main memory", {"size_bytes": 5}, {"used_bytes": -3, "load": -1}))
    assert (cleaned.attributes, cleaned.metrics) == ({"size_bytes": 5}, {"load": -1})


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=9))
def test_what_an_agent_cleaned_is_clean(value: object) -> None:
    item = Item("disk", "k", "n", {"a": value})
    cleaned = clean_item(item)
    assert is_clean_item(cleaned)
    assert fault_of(cleaned) == ""
    assert not is_clean_item(item) or cleaned == item
