"""What drifted from what was approved, and which of a group is the odd one out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.model.baseline import Baseline, Waiver
from cmdb.model.ci import ConfigurationItem
from cmdb.practices.baseline import Drifted, accepted, drifted, odd_ones, snapshot

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
OPENSSL, NGINX = "package/openssl", "package/nginx"


def item(key: str, class_: str = "package", **fields: Any) -> ConfigurationItem:
    return ConfigurationItem(
        id=f"{class_}-{key}", class_=class_, name=key, key=key, first_seen=NOON, last_seen=NOON, **fields
    )


def baseline(items: dict[str, dict[str, Any]], *waivers: Waiver) -> Baseline:
    return Baseline(id="b", name="b", ci="host-1", at=NOON, by="mia", items=items, waivers=waivers)


def test_a_snapshot_is_of_what_is_in_use_with_a_persons_values_and_without_what_comes_and_goes() -> None:
    taken = snapshot(
        [
            item("openssl", attributes={"version": "3.0", "owner": "x"}, overrides={"owner": "mia"}, metrics={"n": 1}),
            item("gone", status="missing"),
            item("tcp/80", "endpoint"),
        ]
    )
    assert taken == {OPENSSL: {"version": "3.0", "owner": "mia"}}


def test_drift_is_what_changed_came_and_went() -> None:
    approved = baseline({OPENSSL: {"version": "3.0"}, "package/curl": {}})
    assert drifted(approved, {OPENSSL: {"version": "3.1"}, NGINX: {"version": "1"}}, NOON) == [
        Drifted(item="package/curl", attribute="", kind="removed"),
        Drifted(item=NGINX, attribute="", kind="added"),
        Drifted(item=OPENSSL, attribute="version", kind="changed", approved="3.0", actual="3.1"),
    ]


@pytest.mark.parametrize(("attribute", "hours", "waived"), [("version", 1, "soon"), ("", 1, "soon"), ("", -1, "")])
def test_drift_is_let_be_until_its_waiver_ends(attribute: str, hours: int, waived: str) -> None:
    waiver = Waiver(item=OPENSSL, attribute=attribute, reason="soon", by="mia", until=NOON + timedelta(hours=hours))
    (found,) = drifted(baseline({OPENSSL: {"version": "3.0"}}, waiver), {OPENSSL: {"version": "3.1"}}, NOON)
    assert found.waived == waived


def test_one_attribute_can_be_accepted_alone() -> None:
    now = {OPENSSL: {"version": "3.1", "section": "libs"}}
    after = accepted(baseline({OPENSSL: {"version": "3.0", "section": "admin"}}), now, OPENSSL, "version")
    assert [one.attribute for one in drifted(after, now, NOON)] == ["section"]


def test_what_is_neither_approved_nor_there_cannot_be_accepted() -> None:
    with pytest.raises(KeyError):
        accepted(baseline({}), {}, OPENSSL)


states = st.dictionaries(
    st.sampled_from("abc"), st.dictionaries(st.sampled_from("xy"), st.integers(0, 2), max_size=2), max_size=3
)


@given(states, states)
def test_when_every_item_is_accepted_nothing_has_drifted(before: dict[str, Any], now: dict[str, Any]) -> None:
    approved = baseline(before)
    for one in drifted(approved, now, NOON):
        if one.item in approved.items or one.item in now:
            approved = accepted(approved, now, one.item)
    assert drifted(approved, now, NOON) == []


def test_the_odd_one_out_is_told_by_value_and_by_absence() -> None:
    usual: dict[str, dict[str, Any]] = {OPENSSL: {"version": "3.1"}, NGINX: {"version": "1"}}
    group: dict[str, dict[str, dict[str, Any]]] = {
        "web-1": usual, "web-2": usual, "web-3": {OPENSSL: {"version": "3.0"}, NGINX: {"version": "1"}},
        "web-4": {OPENSSL: {"version": "3.1"}},
    }  # fmt: skip
    found = [(one.member, one.item, one.attribute, one.value, one.usual) for one in odd_ones(group)]
    assert found == [
        ("web-4", NGINX, "", None, "present"),
        ("web-3", OPENSSL, "version", "3.0", "3.1"),
    ]


def test_what_every_member_has_for_itself_is_nothing_odd() -> None:
    group = {f"web-{n}": {"host/host": {"serial": str(n), "product": "R640"}} for n in range(5)}
    assert odd_ones(group) == []


def test_two_are_too_few_to_say_which_is_odd() -> None:
    assert odd_ones({"a": {OPENSSL: {"version": "1"}}, "b": {OPENSSL: {"version": "2"}}}) == []


def test_a_baseline_keeps_through_the_store() -> None:
    kept = baseline({OPENSSL: {"version": "3.0"}}, Waiver(item=OPENSSL, attribute="", reason="r", by="mia"))
    assert msgspec.convert(kept.body(), Baseline) == kept
