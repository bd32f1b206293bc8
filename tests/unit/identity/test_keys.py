"""Keys are compared as what they mean, and what identifies nothing is absent."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.identity.compare import compare
from cmdb.identity.keys import comparable, folded_mac, folded_uuid

PLAIN = "4c4c4544-0046-3510-8058-b4c04f4a3332"
SWAPPED = "44454c4c-4600-1035-8058-b4c04f4a3332"


@pytest.mark.parametrize(
    "text", [PLAIN.upper(), "{" + PLAIN + "}", PLAIN.replace("-", ""), SWAPPED, f" {PLAIN}\n", f"urn:{PLAIN}"[4:]]
)
def test_a_uuid_is_the_same_however_it_is_written(text: str) -> None:
    assert folded_uuid(text) == folded_uuid(PLAIN) != ""


@given(st.uuids())
def test_both_byte_orders_of_any_uuid_are_one(value: uuid.UUID) -> None:
    assert folded_uuid(str(value)) == folded_uuid(value.bytes_le.hex())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",
        "Not Settable",
        "4c4c4544",
    ],
)
def test_a_uuid_that_many_have_is_none(text: str) -> None:
    assert folded_uuid(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "0", "00000000", "None", "Not Specified", "To Be Filled By O.E.M.", "to be filled by O.E.M", "Default string",
        "System Serial Number", "DEFAULT STRING", "  ", "........", "xxxxxxxx", "123456789", "N/A",
        "Chassis Serial Number",
    ],
)  # fmt: skip
def test_a_serial_that_says_nothing_is_none(text: str) -> None:
    assert comparable({"serial": text, "board_serial": text, "disk_serials": [text]}) == {}


@pytest.mark.parametrize(
    "text",
    [
        "02:42:ac:11:00:02",  # docker0
        "0a:00:27:00:00:00",  # VirtualBox host-only
        "00:50:56:c0:00:08",  # VMware's host adapter
        "fe:54:00:12:34:56",  # vnet of libvirt: locally administered
        "01:00:5e:00:00:01",
        "00:00:00:00:00:00",
        "ff:ff:ff:ff:ff:ff",
        "00:11:22:33:44:55",
        "nonsense",
    ],
)
def test_a_mac_that_is_no_cards_own_is_none(text: str) -> None:
    assert folded_mac(text) == ""


def test_a_guest_of_qemu_or_vmware_has_a_card_of_its_own() -> None:
    # 52:54:00 is locally administered: QEMU makes it up, and it says nothing across hosts.
    assert folded_mac("52:54:00:12:34:56") == ""
    assert folded_mac("00-50-56-9A-12-34") == "0050569a1234"


def test_a_serial_is_its_vendors() -> None:
    dell = comparable({"serial": "ABC1234", "vendor": "Dell Inc."})
    assert compare(dell, comparable({"serial": "abc1234", "vendor": "DELL"})).agree("serial")
    assert compare(dell, comparable({"serial": "ABC1234", "vendor": "HPE"})).differ("serial")
    assert compare(dell, comparable({"serial": "ABC1234"})).agree("serial")


def test_a_name_with_its_domain_is_the_long_name() -> None:
    short = comparable({"name": "Web-1", "domain": "example.org"})
    assert compare(short, comparable({"name": "web-1.example.org"})).agree("name")
    assert compare(short, comparable({"name": "web-1"})).agree("name")
    assert compare(short, comparable({"name": "web-1", "domain": "example.net"})).differ("name")
    assert comparable({"name": "localhost"}) == {}


def test_a_containers_hardware_is_its_hosts() -> None:
    keys = comparable({"dmi_uuid": PLAIN, "serial": "ABC1234", "machine_id": "ab" * 16, "container": "c1f0e9"})
    assert set(keys) == {"container", "machine_id"}
    assert "dmi_uuid" not in comparable({"dmi_uuid": PLAIN}, in_container=True)


@given(
    st.dictionaries(
        st.sampled_from(["dmi_uuid", "serial", "macs", "cloud", "name", "ssh_host_key", "container"]),
        st.none() | st.integers() | st.text(max_size=9) | st.lists(st.text(max_size=9) | st.integers(), max_size=3),
    )
)
def test_keys_of_any_type_are_keys_or_absent(observed: dict[str, object]) -> None:
    assert all(comparable(observed).values())
