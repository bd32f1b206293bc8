"""What a report makes of the record: new, changed, unchanged, missing, retired, back again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.wire import Item, SectionOutcome
from cmdb.model.change import Change, Put, Remove
from cmdb.model.ci import ConfigurationItem
from cmdb.model.relation import Relation
from cmdb.reconcile import OnRecord, Seen, child_id, reconcile

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
HOST = Item(class_="host", key="host", name="web1")


def _filesystem(mount: str, **attributes: object) -> Item:
    return Item(
        class_="filesystem", key=mount, name=mount, attributes=attributes, relations=(("part_of", "host", "host"),)
    )


def _section(name: str, *items: Item, outcome: str = "ok") -> Seen:
    return Seen(SectionOutcome(name=name, outcome=outcome), None if outcome in {"denied", "timeout"} else items)


def _apply(record: OnRecord, changes: Sequence[Change]) -> OnRecord:
    """The record after these changes, as the ledger would make it."""
    items = {item.id: item for item in [*record.children, *([record.host] if record.host else [])]}
    relations = {relation.id: relation for relation in record.relations}
    for change in changes:
        if isinstance(change, Remove):
            del relations[change.id]
        elif isinstance(change.record, ConfigurationItem):
            before = items.get(change.record.id)
            assert change.expected == (before.version if before else 0)
            items[change.record.id] = msgspec.structs.replace(change.record, version=change.expected + 1)
        elif isinstance(change.record, Relation):
            relations[change.record.id] = msgspec.structs.replace(change.record, version=1)
    host = items.pop("host-1", None)
    return OnRecord(host, tuple(items.values()), tuple(relations.values()))


def _reported(record: OnRecord, *report: Seen, at: datetime = NOON) -> OnRecord:
    return _apply(record, _changes(record, *report, at=at))


def _changes(record: OnRecord, *report: Seen, at: datetime = NOON) -> list[Change]:
    return reconcile("host-1", record, report, source="agent", at=at)


def _child(record: OnRecord, key: str) -> ConfigurationItem:
    (found,) = [child for child in record.children if child.key == key]
    return found


FIRST = (_section("host", HOST), _section("filesystem", _filesystem("/", type="ext4"), _filesystem("/var")))


def test_a_first_report_makes_host_children_and_relations() -> None:
    record = _reported(OnRecord(), *FIRST)
    assert record.host is not None
    assert record.host.name == "web1"
    assert {child.key for child in record.children} == {"/", "/var"}
    assert {(relation.type, relation.target) for relation in record.relations} == {("part_of", "host-1")}


def test_the_same_report_again_changes_nothing() -> None:
    assert _changes(_reported(OnRecord(), *FIRST), *FIRST, at=NOON + timedelta(hours=1)) == []


def test_a_changed_attribute_is_one_change() -> None:
    record = _reported(OnRecord(), *FIRST)
    (change,) = _changes(record, _section("filesystem", _filesystem("/", type="xfs"), _filesystem("/var")))
    assert isinstance(change, Put)
    assert isinstance(change.record, ConfigurationItem)
    assert change.record.attributes == {"type": "xfs"}


def test_what_an_ok_section_no_longer_lists_goes_missing_then_retires_after_its_grace() -> None:
    record = _reported(OnRecord(), *FIRST)
    gone = _section("filesystem", _filesystem("/", type="ext4"))
    for hours in (1, 2, 3):
        record = _reported(record, gone, at=NOON + timedelta(hours=hours))
        assert _child(record, "/var").status == "missing"
    record = _reported(record, gone, at=NOON + timedelta(hours=26))
    assert _child(record, "/var").status == "retired"
    assert _child(record, "/").status == "in_use"


@pytest.mark.parametrize("outcome", ["denied", "timeout"])
def test_a_section_that_could_not_look_retires_nothing(outcome: str) -> None:
    record = _reported(OnRecord(), *FIRST)
    assert _changes(record, _section("filesystem", outcome=outcome), at=NOON + timedelta(days=9)) == []


def test_a_partial_section_adds_and_updates_but_takes_nothing_away() -> None:
    record = _reported(OnRecord(), *FIRST)
    record = _reported(record, _section("filesystem", _filesystem("/", label="root"), outcome="partial"))
    assert _child(record, "/").attributes == {"type": "ext4", "label": "root"}
    assert _child(record, "/var").status == "in_use"


def test_what_comes_back_is_in_use_again_under_its_own_id() -> None:
    record = _reported(OnRecord(), *FIRST)
    gone = _reported(record, _section("filesystem", _filesystem("/", type="ext4")))
    back = _reported(gone, FIRST[1], at=NOON + timedelta(days=2))
    assert _child(back, "/var").status == "in_use"
    assert _child(back, "/var").missing_since is None
    assert _child(back, "/var").id == _child(record, "/var").id


def test_a_relation_that_is_no_longer_seen_is_removed() -> None:
    record = _reported(OnRecord(), *FIRST)
    (change,) = _changes(
        record,
        _section(
            "filesystem", msgspec.structs.replace(_filesystem("/", type="ext4"), relations=()), _filesystem("/var")
        ),
    )
    assert isinstance(change, Remove)


def test_a_relation_to_what_its_section_does_not_list_is_dropped() -> None:
    stray = Item(class_="filesystem", key="/", name="/", relations=(("runs_on", "disk", "sda"),))
    assert not _reported(OnRecord(), _section("host", HOST), _section("disk"), _section("filesystem", stray)).relations


def test_a_relation_to_what_could_not_be_listed_is_kept_for_when_it_can() -> None:
    stray = Item(class_="filesystem", key="/", name="/", relations=(("runs_on", "disk", "sda"),))
    report = (_section("host", HOST), _section("disk", outcome="timeout"), _section("filesystem", stray))
    (relation,) = _reported(OnRecord(), *report).relations
    assert relation.target == child_id("host-1", "disk", "sda")


mounts = st.sets(st.sampled_from(["/", "/var", "/home", "/srv", "/tmp"]))


@given(mounts, mounts)
def test_whatever_was_before_the_record_then_lists_what_was_seen(first: set[str], second: set[str]) -> None:
    record = OnRecord()
    for seen in (first, second):
        record = _reported(record, _section("host", HOST), _section("filesystem", *map(_filesystem, sorted(seen))))
    assert {child.key for child in record.children if child.status == "in_use"} == second
    assert {child.key for child in record.children} == first | second
