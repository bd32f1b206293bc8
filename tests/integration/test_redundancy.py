"""What is redundant: less urgent while enough is left, no reason for others' trouble, and grave once it is gone."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from cmdb.hub.hub import Hub
from cmdb.model.incident import Incident
from cmdb.model.relation import Relation
from tests.support.hub import HandClock, check, ci, put, relation, until

SHOP = """
[[service]]
name = "shop"
criticality = 1
[[service.component]]
name = "app"
select = "class=software name=app"
[[service]]
name = "site"
criticality = 1
[[service.component]]
name = "web"
select = "class=endpoint name~web"
rule = 2
"""
DATABASES = ("db-1", "db-2", "db-3")


@pytest.fixture
def files() -> Mapping[str, str]:
    return {"services.d/shop.toml": SHOP}


@pytest.fixture
async def hub(hub: Hub) -> Hub:
    """`app` needs two of three databases, `site` two of three web servers."""
    await put(hub, ci("app", "software"), check("app", "http"))
    for number, database in enumerate(DATABASES, 1):
        web = f"web-{number}"
        await put(hub, ci(database, "database"), one_of("app", database), check(database))
        await put(hub, ci(web), check(web))
    await until(lambda: bool(hub.services.supported_by(["app", "web-3"])), "the services have their items")
    return hub


def one_of(source: str, target: str) -> Relation:
    return msgspec.structs.replace(relation(source, "depends_on", target), evidence={"group": "db", "needed": 2})


async def fails(hub: Hub, clock: HandClock, ci_id: str, name: str = "tcp") -> Incident:
    """This item goes down; the open incident that has it."""
    await put(hub, check(ci_id, name, "critical", since=clock.turn(seconds=1)))
    await until(lambda: hub.book.of_check(f"{ci_id}/{name}") is not None, f"{ci_id} is part of an incident")
    return about(hub, ci_id, name)


def about(hub: Hub, ci_id: str, name: str = "tcp") -> Incident:
    incident = hub.book.of_check(f"{ci_id}/{name}")
    assert incident is not None
    return incident


async def test_one_that_can_be_spared_is_less_urgent_and_no_service_is_hit(hub: Hub, clock: HandClock) -> None:
    incident = await fails(hub, clock, "db-1")
    assert (incident.redundancy_left, incident.services) == (True, ())
    assert (incident.impact, incident.urgency, incident.priority) == (2, 2, 3)


async def test_the_one_too_many_takes_the_service_down_and_makes_the_first_graver(hub: Hub, clock: HandClock) -> None:
    await fails(hub, clock, "db-1")
    incident = await fails(hub, clock, "db-2")
    assert (incident.redundancy_left, incident.services, incident.priority) == (False, ("shop",), 1)
    first = about(hub, "db-1")
    assert (first.redundancy_left, first.services, first.priority) == (False, ("shop",), 1)
    assert [entry.text for entry in first.timeline if entry.what == "priority"] == ["P3 → P1: no redundancy is left"]


async def test_what_redundancy_holds_up_is_no_impact_of_the_one_that_is_down(hub: Hub, clock: HandClock) -> None:
    await fails(hub, clock, "db-1")
    assert (await fails(hub, clock, "app", "http")).ci == "app"
    assert len(hub.book) == 2


async def test_what_nothing_holds_up_any_more_is_impact(hub: Hub, clock: HandClock) -> None:
    await fails(hub, clock, "app", "http")
    await fails(hub, clock, "db-1")
    assert about(hub, "app", "http").ci == "app"
    await fails(hub, clock, "db-2")
    await until(lambda: about(hub, "app", "http").ci == "db-2", "the application is impact of its last database")
    assert len(hub.book) == 2


async def test_the_rule_of_a_service_says_how_many_can_be_spared(hub: Hub, clock: HandClock) -> None:
    incident = await fails(hub, clock, "web-1")
    assert (incident.redundancy_left, incident.services, incident.priority) == (True, ("site",), 2)
    incident = await fails(hub, clock, "web-2")
    assert (incident.redundancy_left, incident.priority, about(hub, "web-1").priority) == (False, 1, 1)
