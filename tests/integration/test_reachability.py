"""What stands behind something that is hard-down is unreachable: nobody is told of it, and it is said why."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from cmdb.hub.api.check import VERBS
from cmdb.hub.api.verb import checked
from cmdb.hub.hub import Hub
from cmdb.hub.role import Role
from cmdb.hub.session import Session
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.model.maintenance import Maintenance
from cmdb.model.relation import Relation
from cmdb.practices.maintenance import Window
from tests.support.hub import START, HandClock, check, ci, put, relation, until
from tests.support.typed import typed_on


def stands_on(ci_id: str, parent: str, group: str = "", needed: int = 1) -> Relation:
    evidence = {"group": group, "needed": needed} if group else {}
    return msgspec.structs.replace(relation(ci_id, "depends_on", parent), evidence=evidence)


async def blocked_by(hub: Hub, id_: str) -> tuple[str, ...]:
    document = await hub.store.get(Kind.CHECK, id_)
    assert document is not None
    return tuple(document["blocked_by"])


async def comes_to_be_blocked(hub: Hub, id_: str, *by: str) -> None:
    async def look() -> bool:
        return await blocked_by(hub, id_) == by

    await until(look, f"{id_} is blocked by {by}")


async def in_maintenance(hub: Hub, name: str) -> None:
    """Its being down opens no incident of its own."""
    window = Window(title="work", select=f"name={name}", start=START, end=START + timedelta(hours=9))
    await hub.ledger.commit(
        [Put(Kind.MAINTENANCE, Maintenance(id=f"m-{name}", window=window, by="mia"))], actor="mia", reason="work"
    )
    await until(lambda: hub.maintenance.holds(name), f"{name} is in maintenance")


async def test_what_is_behind_a_dead_switch_opens_no_incident_until_it_can_be_reached(
    hub: Hub, clock: HandClock
) -> None:
    await put(hub, ci("switch", "host", host="switch"), ci("web"), stands_on("web", "switch"))
    await in_maintenance(hub, "switch")
    await put(hub, check("switch", "icmp", "critical"))
    await until(lambda: hub.reachability.blockers_of("web", "tcp") == ("switch",), "the switch is known to be down")
    await put(hub, check("web", "tcp", "critical"))
    await comes_to_be_blocked(hub, "web/tcp", "switch")
    assert not list(hub.book)
    said = await explained(hub, "web/tcp")
    assert said["steps"][-1] == "cannot be reached, so nobody is told: switch: icmp: icmp critical"
    await put(hub, check("switch", "icmp", "ok", since=clock.turn(seconds=9)))
    await comes_to_be_blocked(hub, "web/tcp")
    await until(lambda: hub.book.of_check("web/tcp") is not None, "an incident about what is bad for itself")


async def test_what_belongs_to_an_open_incident_is_part_of_it_all_the_same(hub: Hub) -> None:
    await put(hub, ci("switch", "host", host="switch"), ci("web"), stands_on("web", "switch"))
    await put(hub, check("switch", "icmp", "critical"), check("web", "tcp", "critical"))
    await until(lambda: hub.book.of_check("web/tcp") is not None, "web is part of an incident")
    (incident,) = hub.book
    roles = {effect.check: effect.role for effect in hub.book.effects_of(incident.number)}
    assert roles == {"switch/icmp": "cause", "web/tcp": "impact"}
    await comes_to_be_blocked(hub, "web/tcp", "switch")


async def test_one_parent_of_a_redundant_two_is_enough(hub: Hub) -> None:
    for router in ("east", "west"):
        await put(hub, ci(router, "host", host=router), stands_on("web", router, "routers"))
        await in_maintenance(hub, router)
    await put(hub, ci("web"), check("east", "icmp", "critical"))
    await put(hub, check("web", "tcp", "critical"))
    await until(lambda: hub.book.of_check("web/tcp") is not None, "an incident: a router is left, so it is web itself")
    assert await blocked_by(hub, "web/tcp") == ()
    await put(hub, check("west", "icmp", "critical"))
    await comes_to_be_blocked(hub, "web/tcp", "east", "west")


async def test_a_soft_failure_is_no_reason(hub: Hub) -> None:
    await put(hub, ci("switch", "host", host="switch"), ci("web"), stands_on("web", "switch"))
    await put(hub, check("switch", "icmp", "critical", hard=False), check("web", "tcp", "critical"))
    await until(lambda: hub.book.of_check("web/tcp") is not None, "an incident about web")
    assert await blocked_by(hub, "web/tcp") == ()


async def test_a_host_that_does_not_answer_keeps_its_own_other_checks_from_being_reached(hub: Hub) -> None:
    await put(hub, ci("box", "host", host="box"), check("box", "icmp", "critical"), check("box", "ssh", "critical"))
    await comes_to_be_blocked(hub, "box/ssh", "box")
    assert await blocked_by(hub, "box/icmp") == ()
    await put(hub, check("box", "ssh", "ok"))
    await comes_to_be_blocked(hub, "box/ssh")


async def test_what_depends_on_each_other_is_not_lost_for_itself(hub: Hub) -> None:
    await put(hub, ci("a"), ci("b"), stands_on("a", "b"), stands_on("b", "a"))
    await put(hub, check("a", "tcp", "critical"))
    await until(lambda: hub.book.of_check("a/tcp") is not None, "an incident about a")
    assert await blocked_by(hub, "a/tcp") == ()


async def test_a_list_says_unreachable_and_by_what(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    await put(hub, ci("switch", "host", host="switch", name="core-1"), ci("web"), stands_on("web", "switch"))
    await put(hub, check("switch", "icmp", "critical"), check("web", "tcp", "critical", output="timed out"))
    await comes_to_be_blocked(hub, "web/tcp", "switch")
    typed = typed_on(hub, capsys)
    listed = await typed("check", "list", "--filter", "ci=web")
    assert "unreachable" in listed
    assert "behind core-1: timed out" in listed
    (row,) = json.loads(await typed("check", "list", "--filter", "ci=web", "--json"))
    assert (row["state"], row["behind"]) == ("critical", ["core-1"])
    assert "unreachable" not in await typed("check", "list", "--filter", "ci=switch")


async def explained(hub: Hub, id_: str) -> dict[str, Any]:
    verb = VERBS["check.explain"]
    answer: dict[str, Any] = await verb.run(
        hub, Session("mia", Role.VIEWER, lambda *_: True), checked(verb, "", {"id": id_})
    )
    return answer
