"""From observed connections to who depends on whom, across hosts, containers and peers without an agent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.wire import Item
from cmdb.dependencies.edges import Edge, External, edges
from cmdb.dependencies.evidence import confidence
from cmdb.dependencies.observation import IN, OUT, Observation, observations
from cmdb.dependencies.places import Places
from cmdb.dependencies.relations import changes, unused
from cmdb.model.change import Put, Remove
from cmdb.model.ci import ConfigurationItem
from cmdb.model.relation import Relation
from cmdb.practices.redundancy import Redundancy, joined

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _ci(class_: str, host: str, key: str, **attributes: Any) -> dict[str, Any]:
    return {
        "id": f"{host}:{key}",
        "class": class_,
        "host": host,
        "key": key,
        "status": "in_use",
        "attributes": attributes,
    }


def _listener(host: str, software: str, port: int, address: str = "0.0.0.0") -> dict[str, Any]:
    key = f"tcp/{address}:{port}"
    return _ci("endpoint", host, key, transport="tcp", address=address, port=port, software=software)


def _fleet() -> Places:
    """web → app → db, each a host of its own with one address."""
    places = Places()
    for number, host in enumerate(("web", "app", "db"), 1):
        places.put(_ci("address", host, f"eth0/198.51.100.{number}/24", address=f"198.51.100.{number}"))
        places.put(_ci("address", host, "docker0/172.17.0.1/16", address="172.17.0.1"))
        places.put(_ci("address", host, "lo/127.0.0.1/8", address="127.0.0.1"))
        places.put(_ci("software", host, f"{host}.service"))
    places.put(_listener("web", "web.service", 80))
    places.put(_listener("app", "app.service", 8000))
    places.put(_listener("db", "db.service", 5432, "198.51.100.3"))
    return places


def _out(address: str, port: int, software: str = "app.service", namespace: str = "") -> Observation:
    return Observation(OUT, software, address, port, namespace=namespace)


def _pairs(found: list[Edge]) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in found]


def test_edges_across_hosts() -> None:
    places = _fleet()
    assert _pairs(edges("web", [_out("198.51.100.2", 8000, "web.service")], places)) == [
        ("web:web.service", "app:app.service")
    ]
    assert _pairs(edges("app", [_out("198.51.100.3", 5432)], places)) == [("app:app.service", "db:db.service")]


def test_who_asks_a_database_depends_on_it_and_so_on_its_server() -> None:
    places = _fleet()
    places.put(_ci("database", "db", "postgresql:5432", software="db.service", port=5432))
    assert _pairs(edges("app", [_out("198.51.100.3", 5432)], places)) == [("app:app.service", "db:postgresql:5432")]


def test_the_one_who_is_asked_says_nothing_that_the_one_who_asks_does_not_say_better() -> None:
    seen = [Observation(IN, "db.service", "198.51.100.2", endpoint="tcp/198.51.100.3:5432")]
    assert edges("db", seen, _fleet()) == []


def test_a_host_with_itself() -> None:
    places = _fleet()
    places.put(_ci("software", "app", "redis.service"))
    places.put(_listener("app", "redis.service", 6379, "127.0.0.1"))
    assert _pairs(edges("app", [_out("127.0.0.1", 6379)], places)) == [("app:app.service", "app:redis.service")]
    assert edges("app", [_out("127.0.0.1", 8000)], places) == []  # with itself: no dependency
    assert edges("app", [_out("127.0.0.1", 9999)], places) == []  # the listener is gone
    assert edges("app", [_out("127.0.0.1", 6379, namespace="app.service")], places) == []  # another loopback


def test_peers_without_an_agent_are_external() -> None:
    seen = [_out("203.0.113.9", 443), Observation(IN, "app.service", "203.0.113.7", endpoint="tcp/0.0.0.0:8000")]
    asked, asking = External("203.0.113.9", 443), External("203.0.113.7")
    assert sorted(_pairs(edges("app", seen, _fleet()))) == sorted(
        [("app:app.service", asked.id), (asking.id, "app:app.service")]
    )
    assert (asked.name, asking.name, External("fd00::1", 1).name) == ("203.0.113.9:443", "203.0.113.7", "[fd00::1]:1")


def test_a_known_host_where_nobody_is_known_to_listen_is_the_host_itself() -> None:
    assert _pairs(edges("app", [_out("198.51.100.3", 9999)], _fleet())) == [("app:app.service", "db")]


def test_an_address_that_all_have_means_ones_own() -> None:
    places = _fleet()
    assert places.host_of("172.17.0.1", "app") == "app"
    assert places.host_of("172.17.0.1", "elsewhere") is None


def test_containers_by_their_address_and_published_port() -> None:
    places = _fleet()
    places.put(_ci("software", "db", "container/shop/cache"))
    places.put(_ci("software", "db", "docker.service"))
    places.put(_listener("db", "docker.service", 16379))  # docker-proxy holds the port
    places.put(
        _ci(
            "container",
            "db",
            "c0ffee",
            service="shop/cache",
            addresses=["172.18.0.4"],
            ports=["0.0.0.0:16379->6379/tcp"],
        )
    )
    assert _pairs(edges("app", [_out("198.51.100.3", 16379)], places)) == [
        ("app:app.service", "db:container/shop/cache")
    ]
    inside = _out("172.18.0.4", 6379, "db.service", namespace="db.service")
    assert _pairs(edges("db", [inside], places)) == [("db:db.service", "db:container/shop/cache")]


def test_a_recreated_container_keeps_the_place_that_the_one_before_it_gives_up() -> None:
    places = _fleet()
    shop = {"service": "shop/web", "addresses": ["172.17.0.9"], "ports": ["0.0.0.0:80->80/tcp", "[::]:80->80/tcp"]}
    before, after = _ci("container", "web", "aaaa", **shop), _ci("container", "web", "bbbb", **shop)
    for document in (before, after, {**before, "status": "missing"}):
        places.put(document)
    assert places.listener("web", "198.51.100.1", 80) == "container/shop/web"
    assert places.container_at("web", "172.17.0.9") == "container/shop/web"
    places.drop(after["id"])
    assert places.listener("web", "198.51.100.1", 80) == "web.service"
    assert places.container_at("web", "172.17.0.9") is None


def test_a_port_in_a_namespace_of_its_own_is_not_the_hosts() -> None:
    places = _fleet()
    places.put(
        {
            **_listener("db", "container/x", 7000),
            "attributes": {**_listener("db", "container/x", 7000)["attributes"], "namespace": "container/x"},
        }
    )
    assert places.listener("db", "198.51.100.3", 7000) is None


def test_what_changes_says_whose_edges_are_to_be_looked_at_again() -> None:
    places = _fleet()
    assert "198.51.100.3" in places.put(_listener("db", "db.service", 5433))
    assert places.put(_listener("db", "db.service", 5433)) == set()
    assert "198.51.100.9" in places.put(_ci("address", "new", "eth0/198.51.100.9/24", address="198.51.100.9"))
    retired = {**_ci("address", "db", "eth0/198.51.100.3/24", address="198.51.100.3"), "status": "retired"}
    assert "198.51.100.3" in places.put(retired)
    assert places.host_of("198.51.100.3", "app") is None


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"direction": "out", "software": "a", "peer_address": "nonsense", "peer_port": 1},
        {"direction": "out", "software": "a", "peer_address": "192.0.2.1", "peer_port": 1 << 20},
        {"direction": "out", "software": "a", "peer_address": "192.0.2.1", "peer_port": "1"},
        {"direction": "sideways", "software": "a", "peer_address": "192.0.2.1", "peer_port": 1},
        {"direction": "out", "software": ["a"], "peer_address": "192.0.2.1", "peer_port": 1},
        {"direction": "out", "software": "a", "peer_address": "fe80::1", "peer_port": 1},
    ],
)
def test_what_is_no_observation_is_passed_over(attributes: dict[str, Any]) -> None:
    assert observations([Item("connection", "x", "x", attributes)]) == []


def _written(found: list[Any]) -> dict[str, Relation]:
    return {
        change.record.id: change.record
        for change in found
        if isinstance(change, Put) and isinstance(change.record, Relation)
    }


EDGE = Edge("app:app.service", "db:db.service", "198.51.100.3:5432")


def test_a_new_edge_is_traffic_and_a_dependency() -> None:
    relations = _written(changes([EDGE], [], {}, "app", NOON))
    assert {relation.type for relation in relations.values()} == {"connects_to", "depends_on"}
    assert all(relation.evidence["confidence"] == 0.5 for relation in relations.values())


def test_a_lasting_edge_is_written_once_an_hour_and_grows_surer() -> None:
    first = list(_written(changes([EDGE], [], {}, "app", NOON)).values())
    assert changes([EDGE], first, {}, "app", NOON + HOUR / 2) == []
    later = _written(changes([EDGE], first, {}, "app", NOON + HOUR))
    assert {relation.evidence["samples"] for relation in later.values()} == {2}
    assert {relation.first_seen for relation in later.values()} == {NOON}


def test_an_edge_that_is_seen_no_more_fades_and_is_forgotten() -> None:
    first = list(_written(changes([EDGE], [], {}, "app", NOON)).values())
    assert changes([], first, {}, "app", NOON + timedelta(days=7)) == []
    gone = changes([], first, {}, "app", NOON + timedelta(days=30))
    assert {type(change) for change in gone} == {Remove}
    assert len(gone) == 2
    assert confidence(1, NOON, NOON + timedelta(days=7)) == 0.25


def test_relations_of_others_are_left_alone() -> None:
    first = list(_written(changes([EDGE], [], {}, "app", NOON)).values())
    assert changes([], first, {}, "another", NOON + timedelta(days=300)) == []


def test_an_agent_that_moves_in_takes_the_place_of_the_external() -> None:
    external = External("198.51.100.3", 5432)
    before = changes([Edge("app:app.service", external.id, external.name, external)], [], {}, "app", NOON)
    known = {
        change.record.id: change.record
        for change in before
        if isinstance(change, Put) and isinstance(change.record, ConfigurationItem)
    }
    assert known[external.id].name == "198.51.100.3:5432"
    after = changes([EDGE], list(_written(before).values()), known, "app", NOON + HOUR / 2)
    assert len([change for change in after if isinstance(change, Remove)]) == 2
    assert len(_written(after)) == 2
    (retired,) = unused(known.values(), frozenset({"db:db.service"}))
    assert isinstance(retired, Put)
    assert retired.record.body()["status"] == "retired"


def test_what_a_person_declared_is_neither_written_over_nor_forgotten() -> None:
    group = Redundancy("app:app.service", "databases", 1, ("db:db.service", "db2"))
    declared = {change.record.id: change.record for change in joined(group, {}, NOON) if isinstance(change, Put)}
    on_record = [one for one in declared.values() if isinstance(one, Relation)]
    again = changes([EDGE], on_record, {}, "app", NOON + HOUR)
    assert [change.record.id for change in again if isinstance(change, Put)] == [
        "app:app.service|connects_to|db:db.service"
    ]


def test_a_member_that_is_observed_stays_a_member_when_it_is_seen_no_more() -> None:
    first = _written(changes([EDGE], [], {}, "app", NOON))
    joining = joined(Redundancy("app:app.service", "databases", 1, ("db:db.service",)), first, NOON)
    both = {**first, **_written(joining)}
    later = changes([], list(both.values()), {}, "app", NOON + timedelta(days=90))
    assert [change.id for change in later if isinstance(change, Remove)] == [
        "app:app.service|connects_to|db:db.service"
    ]
    seen_again = changes([EDGE], list(both.values()), {}, "app", NOON + HOUR)
    evidence = _written(seen_again)["app:app.service|depends_on|db:db.service"].evidence
    assert (evidence["group"], evidence["samples"]) == ("databases", 2)
