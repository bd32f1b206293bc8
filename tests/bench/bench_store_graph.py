"""Impact in a large record, beside networkx: 100,000 CIs, 500,000 relations to what is near, or is old and shared."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import networkx  # type: ignore[import-untyped]

from cmdb.graph.graph import Graph
from cmdb.model.relation import relation_id
from tests.bench.figure import Figure

NODES, EDGES = 100_000, 500_000


def run() -> list[Figure]:
    pairs = _relations(random.Random(7))
    graph = Graph()
    load_s = _seconds(lambda: _load(graph, pairs))
    peer = networkx.DiGraph()
    peer.add_edges_from((f"ci-{target}", f"ci-{source}") for source, target in pairs)
    gc.collect()
    gc.freeze()  # as the hub does once it has loaded
    root = _wide_root(graph)
    return [
        *_closure(graph, peer, root),
        Figure("impact to depth 3", _median_s(lambda: graph.impact("ci-40000", 3), 50) * 1e3, "ms", 1.0),
        Figure("one relation put or removed", _seconds(lambda: _edit(graph)) / 40_000 * 1e6, "µs"),
        Figure(f"loading {EDGES:,} relations", load_s, "s"),
    ]


def _closure(graph: Graph, peer: Any, root: str) -> list[Figure]:
    """Beside networkx for the same answer (every CI reached, and the one before it), and for distances alone."""
    graph.put_relation(_document(0, 1))
    first_s = _seconds(lambda: graph.impact(root))
    graph.remove_relation(_document(0, 1)["id"])
    graph.impact(root)
    ours_ms = _median_s(lambda: graph.impact(root), 9) * 1e3
    theirs_ms = _median_s(lambda: networkx.predecessor(peer, root), 5) * 1e3
    distances = dict(networkx.single_source_shortest_path_length(peer, root))
    distances_ms = _median_s(lambda: networkx.single_source_shortest_path_length(peer, root), 5) * 1e3
    assert {node.id: node.distance for node in graph.impact(root)} | {root: 0} == distances
    what = f"impact on {len(distances):,} of {NODES:,} CIs"
    return [
        Figure(what, ours_ms, "ms", 50.0, "networkx", theirs_ms, 8.0),
        Figure(f"{what}, distances alone", ours_ms, "ms", None, "networkx", distances_ms),
        Figure(f"{what}, just after a change", first_s * 1e3, "ms"),
    ]


def _relations(chance: random.Random) -> list[tuple[int, int]]:
    """Everything depends on what was there before it: on something near by, or on something old and shared."""
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < EDGES:
        source = chance.randrange(1, NODES)
        near = chance.random() < 0.35
        target = max(0, source - chance.randrange(1, 50)) if near else int(source * chance.random())
        pairs.add((source, target))
    return sorted(pairs)


def _wide_root(graph: Graph) -> str:
    """The oldest CI whose trouble reaches about half of all."""
    for number in range(0, NODES, 500):
        if len(graph.impact(f"ci-{number}")) < 55_000:
            return f"ci-{number}"
    return "ci-0"


def _document(source: int, target: int) -> dict[str, str]:
    ids = f"ci-{source}", f"ci-{target}"
    return {"id": relation_id(ids[0], "depends_on", ids[1]), "source": ids[0], "type": "depends_on", "target": ids[1]}


def _load(graph: Graph, pairs: list[tuple[int, int]]) -> None:
    for source, target in pairs:
        graph.put_relation(_document(source, target))


def _edit(graph: Graph) -> None:
    for number in range(20_000):
        document = _document(number, number + 7)
        graph.put_relation(document)
        graph.remove_relation(document["id"])


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _median_s(work: Callable[[], object], times: int) -> float:
    return median(_seconds(work) for _ in range(times))
