"""The cases of identity: A reports, then B; one row each. Where it makes sense, in the other order too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from agent.wire import Item
from cmdb.identity.decide import Candidate, Identified, Observation, Outcome, identify
from cmdb.identity.rules import IdentityPolicy
from tests.unit.identity.register import Register, Report

UUID_A, UUID_B = "4c4c4544-0046-3510-8058-b4c04f4a3332", "9d1c3b52-7a11-4f0e-8c55-0123456789aa"
UUID_A_SWAPPED = "44454c4c-4600-1035-8058-b4c04f4a3332"
ID_A, ID_B = "0a" * 16, "0b" * 16
MAC_A, MAC_B = "00:1b:21:aa:aa:aa", "00:1b:21:bb:bb:bb"
HOUR = timedelta(hours=1)

A = Report(
    {
        "dmi_uuid": UUID_A, "serial": "SVC1234", "vendor": "Dell Inc.", "board_serial": "BRD1",
        "chassis_serial": "CHS1", "machine_id": ID_A, "ssh_host_key": ["SHA256:a"], "macs": [MAC_A],
        "disk_serials": ["DSK1"], "agent_key": "agent-a", "name": "web-1", "domain": "example.org",
    }
)  # fmt: skip
B = Report(
    {
        "dmi_uuid": UUID_B, "serial": "SVC9999", "vendor": "Dell Inc.", "board_serial": "BRD9",
        "chassis_serial": "CHS9", "machine_id": ID_B, "ssh_host_key": ["SHA256:b"], "macs": [MAC_B],
        "disk_serials": ["DSK9"], "agent_key": "agent-b", "name": "db-1", "domain": "example.org",
    }
)  # fmt: skip


def only(report: Report, *names: str, **more: Any) -> Report:
    """A report with these keys alone."""
    return Report({name: report.keys[name] for name in names} | more)


VM = only(A, "dmi_uuid", "machine_id", "ssh_host_key", "macs", "name", "agent_key")
CLONE = VM.but(macs=[MAC_B], name="web-2")
CLOUD = {"provider": "aws", "account": "1", "instance_id": "i-0abc"}
UNPRIVILEGED = only(A, "machine_id", "macs", "name", agent_key="agent-of-a-user")


@dataclass(frozen=True)
class Case:
    """`outcome` of B's report; `rows` of history that it made; `both_orders`: B first, then A, ends the same."""

    number: int
    what: str
    a: Report
    b: Report
    outcome: Outcome
    rows: int | None = None
    events: tuple[str, ...] = ()
    warning: str = ""
    rule: str = ""
    both_orders: bool = True
    policy: IdentityPolicy = field(default_factory=IdentityPolicy)


SAME, NEW, REVIEW = Outcome.SAME, Outcome.NEW, Outcome.REVIEW
CASES = [
    Case(1, "all keys same", A, A, SAME, rows=0),
    Case(2, "renamed", A, A.but(name="web-9"), SAME, rows=2),  # the record's name, and its key
    Case(3, "network card swapped", A, A.but(macs=[MAC_B]), SAME, rows=1),
    Case(
        4, "re-imaged", A, A.but(machine_id=ID_B, ssh_host_key=["SHA256:b"], agent_key="agent-b"), SAME,
        events=("reinstalled",),
    ),
    Case(5, "clone, other UUID and MAC", VM, VM.but(dmi_uuid=UUID_B, macs=[MAC_B]), NEW, warning="cloned machine-id"),
    Case(
        5, "clone, other UUID, serial and MAC, of one that is alive", A,
        A.but(dmi_uuid=UUID_B, serial="X9", chassis_serial="X8", disk_serials=None, macs=[MAC_B], name="web-2"), NEW,
        warning="cloned machine-id",
    ),
    Case(6, "clone with the same UUID, both report", VM, CLONE, NEW, warning="alternation detected"),
    Case(7, "the same, A silent for long", VM, CLONE.later(HOUR), REVIEW),
    Case(8, "UUID byte-swapped", VM, VM.but(dmi_uuid=UUID_A_SWAPPED), SAME),
    Case(9, "UUID in capitals", VM, VM.but(dmi_uuid=UUID_A.upper()), SAME),
    Case(9, "UUID in braces", VM, VM.but(dmi_uuid="{" + UUID_A + "}"), SAME),
    Case(9, "UUID without dashes", VM, VM.but(dmi_uuid=UUID_A.replace("-", "")), SAME),
    *(
        Case(
            10, f"both serials {serial!r}", only(A, "vendor", "name", serial=serial),
            only(B, "vendor", "name", serial=serial), NEW,
        )
        for serial in ("0", "System Serial Number", "To Be Filled By O.E.M.", "Default string")
    ),
    *(
        Case(
            11, f"both UUIDs {uuid}", only(A, "macs", "name", dmi_uuid=uuid),
            only(B, "macs", "name", dmi_uuid=uuid), NEW,
        )
        for uuid in ("F" * 32, "0" * 32, "03000200-0400-0500-0006-000700080009")
    ),
    Case(12, "same name, other serial", only(A, "serial", "name"), only(B, "serial", name="web-1"), NEW),
    Case(13, "same name only", only(A, "name"), only(A, "name"), REVIEW),
    Case(
        13, "same name only, accepted", only(A, "name"), only(A, "name"), SAME,
        policy=IdentityPolicy(accept_name_only=True),
    ),
    Case(14, "same address, other keys", A.but(address="192.0.2.7"), B.but(address="192.0.2.7"), NEW),
    Case(
        15, "board replaced", A, A.but(dmi_uuid=UUID_B, board_serial="BRD2", macs=[MAC_B]), SAME,
        events=("board replaced",),
    ),
    Case(
        16, "disk moved to another chassis", A, B.but(machine_id=ID_A, disk_serials=["DSK1"], name="web-1").later(HOUR),
        NEW, events=("disk moved",),
    ),
    Case(17, "cloud stop and start", A.but(cloud=CLOUD), A.but(cloud=CLOUD, macs=[MAC_B], name="ip-10-0-0-9"), SAME),
    Case(
        18, "new instance from an image", A.but(cloud=CLOUD),
        B.but(cloud={**CLOUD, "instance_id": "i-9"}, machine_id=ID_A), NEW, warning="cloned machine-id",
    ),
    Case(19, "seen by hypervisor, then by guest", only(A, "macs", "name", dmi_uuid=UUID_A_SWAPPED), VM, SAME),
    Case(22, "unprivileged, then root", UNPRIVILEGED, A, SAME),
    Case(
        25, "docker0, veth and bond MACs are equal", only(A, "name", "machine_id", macs=["02:42:ac:11:00:02"]),
        only(B, "name", "machine_id", macs=["02:42:ac:11:00:02"]), NEW,
    ),
    Case(32, "UUID only, then UUID, serial and a new name", only(A, "dmi_uuid", "name"), A.but(name="web-9"), SAME),
]  # fmt: skip


def ids(cases: Sequence[Case]) -> list[str]:
    return [f"{case.number}-{case.what}" for case in cases]


def run(first: Report, second: Report, policy: IdentityPolicy) -> tuple[Register, Identified, Identified]:
    register = Register(policy)
    return register, register.take(first), register.take(second)


def expect(case: Case, register: Register, found: Identified) -> None:
    assert found.outcome is case.outcome, found
    assert len(register.hosts) == (2 if case.outcome is NEW else 1)
    assert case.rule in found.rule
    assert any(warning.startswith(case.warning) for warning in found.warnings) or not case.warning, found.warnings


@pytest.mark.parametrize("case", CASES, ids=ids(CASES))
def test_b_after_a(case: Case) -> None:
    register, _, found = run(case.a, case.b, case.policy)
    expect(case, register, found)
    assert found.events == case.events
    assert case.rows is None or register.rows == case.rows


BOTH = [case for case in CASES if case.both_orders]


@pytest.mark.parametrize("case", BOTH, ids=ids(BOTH))
def test_case_29_a_after_b_ends_the_same(case: Case) -> None:
    register, _, found = run(case.b, case.a.later(case.b.after), case.policy)
    expect(case, register, found)
    forward, _, _ = run(case.a, case.b, case.policy)
    if case.outcome is NEW:
        assert sorted(host.name for host in register.hosts) == sorted(host.name for host in forward.hosts)


def test_case_6_both_go_on_as_two() -> None:
    register = Register()
    for report in (VM, CLONE, VM, CLONE, VM):
        register.take(report)
    assert sorted(host.name for host in register.hosts) == ["web-1", "web-2"]
    assert register.rows == 0


def test_case_16_a_copy_cannot_be_where_the_first_disk_still_is() -> None:
    register, _, found = run(A, B.but(machine_id=ID_A, disk_serials=["DSK1"], name="web-1"), IdentityPolicy())
    assert found.moved_from is None
    assert any(warning.startswith("cloned machine-id") for warning in found.warnings)
    assert len(register.hosts) == 2


def test_case_20_a_container_that_reports_the_hosts_uuid_is_new() -> None:
    inside = Report({**VM.keys, "container": "c1", "machine_id": ID_B, "name": "c1", "macs": []})
    register, _, found = run(VM, inside, IdentityPolicy())
    assert found.outcome is NEW
    assert register.take(inside).outcome is SAME
    assert register.take(Report({**inside.keys, "container": "c2", "machine_id": None, "name": "c2"})).outcome is NEW


def test_case_21_a_recreated_container_is_new_and_its_service_the_same() -> None:
    def running(container: str) -> Report:
        service = Item("software", "compose/shop/web", "web", relations=(("runs_on", "container", container),))
        return Report(A.keys, items=(Item("container", container, "web-1"), service))

    register = Register()
    for container in ("c1", "c2"):
        register.take(running(container))
    assert {ci.key: ci.status for ci in register.records.values() if ci.class_ == "container"} == {
        "c1": "missing",
        "c2": "in_use",
    }
    assert [ci.key for ci in register.records.values() if ci.class_ == "software"] == ["compose/shop/web"]


def test_case_23_a_partial_report_of_an_unknown_host_is_refused() -> None:
    register = Register()
    found = register.take(Report(A.keys, whole=False))
    assert found.outcome is Outcome.REFUSED
    assert found.rule == "partial report of an unknown host"
    register.take(A)
    assert register.take(Report(A.keys, whole=False)).outcome is SAME


def test_case_26_two_records_match_and_neither_is_updated() -> None:
    register = Register()
    register.take(only(A, "dmi_uuid", name="old-1"))
    register.take(only(A, "serial", "vendor", name="old-2"))
    before = dict(register.records)
    found = register.take(A)
    assert found.outcome is REVIEW
    assert found.rule == "several records match"
    assert {ci.name for ci in found.about} == {"old-1", "old-2"}
    assert register.records == before


def test_case_27_a_retired_host_that_reports_is_active_again() -> None:
    register = Register()
    register.take(A)
    register.put(*(msgspec.structs.replace(host, status="retired") for host in register.hosts))
    found = register.take(A)
    assert found.outcome is SAME
    assert found.events == ("reactivated",)
    assert register.host(found).status == "in_use"


def test_case_28_a_deleted_host_that_reports_is_new() -> None:
    register = Register()
    register.take(A)
    register.delete(register.hosts[0].id)
    assert register.take(A).outcome is NEW
    assert [host.id for host in register.hosts] == ["host-2"]


def test_two_hosts_that_share_nothing_are_two() -> None:
    register, _, found = run(A, B, IdentityPolicy())
    assert found.outcome is NEW
    assert found.judged == ()
    assert len(register.hosts) == 2


def test_hardware_that_contradicts_itself_is_a_question() -> None:
    _, _, found = run(A, A.but(serial="OTHER1"), IdentityPolicy())
    assert found.outcome is REVIEW
    assert found.rule == "system UUID agrees, serial differs"


def test_what_goes_on_over_the_same_connection_is_no_copy() -> None:
    register = Register()
    register.take(VM)
    candidates = [Candidate(register.hosts[0], register.now)]
    for continues, outcome in ((None, NEW), (register.hosts[0].id, SAME)):
        assert identify(Observation(CLONE.keys, continues=continues), candidates, register.now).outcome is outcome


def test_guests_of_one_image_are_told_apart_by_cards_that_a_hypervisor_made_up() -> None:
    guest = only(A, "machine_id", "ssh_host_key", "name", macs=["52:54:00:00:00:01"])
    register, _, found = run(guest, guest.but(macs=["52:54:00:00:00:02"], name="guest-2"), IdentityPolicy())
    assert found.outcome is NEW
    assert len(register.hosts) == 2
