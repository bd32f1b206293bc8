"""What trouble reaches, on what things stand, and what a service cannot do without."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.graph import graph as graph_module
from cmdb.graph.graph import Graph
from cmdb.graph.single_points import Needed, SinglePoint, needed_of, single_points
from cmdb.model.change import Delta
from cmdb.model.kind import Kind
from cmdb.model.relation import relation_id


def ci(id_: str, host: str | None = None, class_: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": id_, "class": class_ or id_.partition("-")[0], "host": host, **more}


def relation(source: str, type_: str, target: str, **evidence: Any) -> dict[str, Any]:
    id_ = relation_id(source, type_, target)
    return {"id": id_, "source": source, "type": type_, "target": target, "evidence": evidence}


def graph_of(cis: Iterable[dict[str, Any]], relations: Iterable[dict[str, Any]]) -> Graph:
    graph = Graph()
    for one in cis:
        graph.put_ci(one)
    for one in relations:
        graph.put_relation(one)
    return graph


def hit(graph: Graph, root: str, depth: int | None = None) -> dict[str, int]:
    return {node.id: node.distance for node in graph.impact(root, depth)}


PAIR = graph_of(
    [],
    [
        relation("app", "depends_on", "db-1", group="db"),
        relation("app", "depends_on", "db-2", group="db"),
        relation("web", "depends_on", "app"),
        relation("db-1", "depends_on", "rack"),
        relation("db-2", "depends_on", "rack"),
        relation("other", "depends_on", "db-1"),
    ],
)


@pytest.mark.parametrize(
    ("down", "reached", "spared"),
    [
        (["db-1"], ["other"], ["app"]),
        (["db-1", "db-2"], ["app", "other", "web"], []),
        (["rack"], ["app", "db-1", "db-2", "other", "web"], []),
        (["nothing"], [], []),
    ],
)
def test_several_at_once_leave_less_of_a_group(down: list[str], reached: list[str], spared: list[str]) -> None:
    hit_by = PAIR.hit_by(down)
    assert (sorted(hit_by.reached), hit_by.spared) == (reached, spared)


@pytest.mark.parametrize(
    ("down", "ci", "explained"),
    [
        (["db-1"], "app", False),
        (["db-1"], "web", False),
        (["db-1"], "other", True),
        (["db-1", "db-2"], "web", True),
        (["rack"], "app", True),
        (["app"], "web", True),
        (["web"], "app", False),
    ],
)
def test_one_of_a_group_explains_nothing_while_enough_is_left(down: list[str], ci: str, explained: bool) -> None:
    assert PAIR.explains(down, ci) is explained


SHOP = graph_of(
    [
        ci("host-db", "host-db"),
        ci("software-pg", "host-db"),
        ci("endpoint-5432", "host-db"),
        ci("package-pg", "host-db"),
        ci("account-pg", "host-db"),
        ci("unit-app", "host-app"),
        ci("software-app", "host-app"),
        ci("host-app", "host-app"),
    ],
    [
        relation("software-pg", "runs_on", "host-db"),
        relation("software-pg", "listens_on", "endpoint-5432"),
        relation("endpoint-5432", "part_of", "host-db"),
        relation("software-pg", "uses", "package-pg"),
        relation("software-app", "depends_on", "endpoint-5432"),
        relation("software-app", "part_of", "unit-app"),
        relation("software-web", "depends_on", "software-app"),
        relation("software-web", "connects_to", "endpoint-5432"),
    ],
)


def test_trouble_of_a_database_reaches_the_web_server() -> None:
    assert hit(SHOP, "software-pg") == {"endpoint-5432": 1, "software-app": 2, "software-web": 3}


def test_each_step_says_by_way_of_which_ci() -> None:
    ways = {node.id: node.via for node in SHOP.impact("software-pg")}
    assert ways == {"endpoint-5432": "software-pg", "software-app": "endpoint-5432", "software-web": "software-app"}


def test_a_host_takes_down_what_lives_on_it_but_no_entries_of_its_files() -> None:
    assert hit(SHOP, "host-db", 1) == {"software-pg": 1, "endpoint-5432": 1}


def test_a_unit_takes_down_its_program_and_a_part_says_nothing_about_its_whole() -> None:
    assert hit(SHOP, "unit-app") == {"software-app": 1, "software-web": 2}
    assert "host-db" not in hit(SHOP, "endpoint-5432")


def test_what_a_thing_stands_on_is_the_same_edges_backwards() -> None:
    stood_on = {node.id: node.distance for node in SHOP.depends("software-web")}
    assert stood_on == {
        "software-app": 1, "endpoint-5432": 2, "unit-app": 2, "host-app": 2, "software-pg": 3, "host-db": 3,
        "package-pg": 4,
    }  # fmt: skip


def test_depth_ends_it() -> None:
    assert hit(SHOP, "software-pg", 2) == {"endpoint-5432": 1, "software-app": 2}
    assert hit(SHOP, "software-pg", 0) == {}


def test_an_unknown_ci_reaches_nothing() -> None:
    assert list(SHOP.impact("host-none")) == []


def test_a_cycle_ends() -> None:
    ring = graph_of([], [relation(f"software-{n}", "depends_on", f"software-{(n + 1) % 3}") for n in range(3)])
    assert hit(ring, "software-0") == {"software-2": 1, "software-1": 2}


def test_a_unit_that_is_known_later_than_its_program_still_takes_it_down() -> None:
    graph = graph_of([], [relation("software-a", "part_of", "unit-a")])
    assert hit(graph, "unit-a") == {}
    graph.put_ci(ci("unit-a", "host-1"))
    assert hit(graph, "unit-a") == {"software-a": 1}


def two_of_three() -> Graph:
    members = [relation("software-app", "depends_on", f"database-{n}", group="db", needed=2) for n in (1, 2, 3)]
    hosts = [ci("database-1", "host-a"), ci("database-2", "host-a"), ci("database-3", "host-b")]
    return graph_of(hosts, [*members, relation("software-web", "depends_on", "software-app")])


def test_two_of_three_can_lose_one() -> None:
    reach = two_of_three().impact("database-1")
    assert list(reach) == []
    assert reach.spared == ("software-app",)


def test_two_of_three_cannot_lose_the_host_of_two() -> None:
    graph = two_of_three()
    assert hit(graph, "host-a") == {"database-1": 1, "database-2": 1, "software-app": 2, "software-web": 3}
    assert graph.impact("host-a").spared == ()
    assert graph.impact("host-b").spared == ("software-app",)


def test_a_redundant_member_is_still_stood_on() -> None:
    assert {node.id for node in two_of_three().depends("software-app")} >= {"database-1", "host-a", "host-b"}


def test_a_relation_may_join_and_leave_a_group() -> None:
    graph = two_of_three()
    graph.put_relation(relation("software-app", "depends_on", "database-1"))
    assert "software-app" in hit(graph, "database-1")
    graph.put_relation(relation("software-app", "depends_on", "database-1", group="db", needed=2))
    assert hit(graph, "database-1") == {}
    graph.remove_relation(relation_id("software-app", "depends_on", "database-2"))
    assert "software-app" in hit(graph, "database-1")


def test_deltas_keep_it_up() -> None:
    graph = Graph()
    found = relation("software-a", "depends_on", "database-1")
    graph.apply(
        [
            Delta(1, Kind.CI, "database-1", ci("database-1", "host-1")),
            Delta(1, Kind.RELATION, found["id"], found),
            Delta(1, Kind.CHECK, "c", {"id": "c"}),
        ]
    )
    assert hit(graph, "host-1") == {"database-1": 1, "software-a": 2}
    graph.apply([Delta(2, Kind.CI, "database-1", ci("database-1", "host-2"))])
    assert hit(graph, "host-1") == {}
    assert hit(graph, "host-2") == {"database-1": 1, "software-a": 2}
    graph.apply([Delta(3, Kind.RELATION, found["id"], None), Delta(3, Kind.CI, "database-1", None)])
    assert hit(graph, "host-2") == {}
    assert len(graph) == 0


def test_what_is_given_twice_is_gone_when_both_are() -> None:
    graph = graph_of([ci("software-a", "host-1")], [relation("software-a", "runs_on", "host-1")])
    graph.remove_relation(relation_id("software-a", "runs_on", "host-1"))
    assert hit(graph, "host-1") == {"software-a": 1}
    graph.remove_ci("software-a")
    assert hit(graph, "host-1") == {}


def test_single_points_of_a_service() -> None:
    graph = graph_of(
        [ci("software-1", "host-1"), ci("software-2", "host-2"), ci("disk-1", "host-1"), ci("disk-2", "host-2")],
        [
            relation("host-1", "depends_on", "interface-switch"),
            relation("host-2", "depends_on", "interface-switch"),
            relation("software-1", "depends_on", "database-1", group="db"),
            relation("software-1", "depends_on", "database-2", group="db"),
        ],
    )
    members = frozenset({"software-1", "software-2"})
    assert single_points(graph, [Needed("web", members, needed_of("1", members))]) == [
        SinglePoint("interface-switch", "web")
    ]
    everything = {point.ci for point in single_points(graph, [Needed("web", members, needed_of("worst", members))])}
    assert everything == {"software-1", "software-2", "host-1", "host-2", "interface-switch"}


nodes = st.integers(0, 11).map(lambda n: f"software-{n}")
edges = st.sets(st.tuples(nodes, nodes), max_size=30)


@given(edges, edges, nodes)
def test_any_edits_end_where_a_fresh_graph_is(first: set[Any], second: set[Any], root: str) -> None:
    edited = graph_of([], [relation(a, "depends_on", b) for a, b in first])
    edited.impact(root)
    for a, b in first - second:
        edited.remove_relation(relation_id(a, "depends_on", b))
    for a, b in second:
        edited.put_relation(relation(a, "depends_on", b))
    fresh = graph_of([], [relation(a, "depends_on", b) for a, b in second])
    assert hit(edited, root) == hit(fresh, root)
    assert len(edited) == len(fresh)


@given(edges, nodes, st.none() | st.integers(0, 4))
def test_rows_answer_what_sets_answer(found: set[Any], root: str, depth: int | None) -> None:
    narrow = graph_of([], [relation(a, "depends_on", b) for a, b in found])
    wide = graph_of([], [relation(a, "depends_on", b) for a, b in found])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph_module, "NARROW", 0)
        wide.impact(root)  # the next one is answered from rows
        assert hit(wide, root, depth) == hit(narrow, root, depth)


@given(edges, nodes)
def test_whom_i_reach_stands_on_me(found: set[Any], root: str) -> None:
    graph = graph_of([], [relation(a, "depends_on", b) for a, b in found])
    for node in graph.impact(root):
        assert root in {below.id for below in graph.depends(node.id)}
