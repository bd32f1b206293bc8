"""A scan on its way in: only what was wanted, in order, within bounds, from the section that owns it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.wire import Item, Offer, ScanEnd, Section, SectionOutcome, Want
from cmdb.hub.intake import MOST_BYTES, Intake, Unfit, wanted

AT = datetime(2026, 3, 1, tzinfo=UTC)


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


def test_parts_make_a_section() -> None:
    scan = intake("disk")
    scan.take(Section(7, "disk", [disk("sda")], part=0, last=False), 10)
    scan.take(Section(7, "disk", [disk("sdb")], part=1), 20)
    (section,) = scan.finished(ScanEnd(7, 0.1)).sections
    assert [item.key for item in section.items or ()] == ["sda", "sdb"]


def test_a_section_that_was_not_wanted_gives_no_items() -> None:
    scan = Intake(offer(outcome("disk"), outcome("cpu")), Want(7, ("disk",)), 0.0, 0)
    scan.take(Section(7, "disk", []), 0)
    assert [section.items for section in scan.finished(ScanEnd(7, 0.1)).sections] == [[], None]


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
        intake("disk").finished(ScanEnd(7, 0.1))


def test_a_scan_without_end_is_refused() -> None:
    with pytest.raises(Unfit, match="more than"):
        intake("disk").take(Section(7, "disk", [], last=False), MOST_BYTES + 1)


def test_what_an_agent_says_is_made_clean() -> None:
    scan = Intake(
        offer(SectionOutcome("disk", "hacked", detail="\x1b[2Jdenied", digest="d" * 999)), Want(7, ("disk",)), 0, 0
    )
    scan.take(Section(7, "disk", [Item(class_="disk", key="k\n", name="\x1b]0;x\x07", attributes={"a": b"\xff"})]), 0)
    (section,) = scan.finished(ScanEnd(7, 0.1)).sections
    assert section.outcome.outcome == "failed"
    assert section.outcome.detail == "[2Jdenied"
    assert len(section.outcome.digest) == 64
    assert section.items is not None
    (item,) = section.items
    assert (item.key, item.name) == ("k ", "]0;x")
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
    (section,) = scan.finished(ScanEnd(7, 0.1)).sections
    assert (section.items, section.gone, section.is_whole) == ([disk("sda")], [("disk", "sdb")], False)


def test_an_agent_may_send_all_where_differences_would_do() -> None:
    scan = known_intake()
    scan.take(Section(7, "disk", [disk("sda")]), 0)
    (section,) = scan.finished(ScanEnd(7, 0.1)).sections
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
