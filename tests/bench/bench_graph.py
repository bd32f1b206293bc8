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

NODES, EDGES = 100_000, 500_000


def run() -> None:
    pairs = _relations(random.Random(7))
    graph = Graph()
    load_s = _seconds(lambda: _load(graph, pairs))
    peer = networkx.DiGraph()
    peer.add_edges_from((f"ci-{target}", f"ci-{source}") for source, target in pairs)
    gc.collect()
    gc.freeze()  # as the hub does once it has loaded
    root = _wide_root(graph)
    _print_closure(graph, peer, root)
    depth_3 = _median_s(lambda: graph.impact("ci-40000", 3), 50)
    print(f"depth 3: {depth_3 * 1e3:.2f} ms ({len(graph.impact('ci-40000', 3))} CIs; wanted ≤ 1)")
    edit_s = _seconds(lambda: _edit(graph)) / 40_000
    print(f"live edit: {edit_s * 1e6:.1f} µs; loading {len(pairs)} relations: {load_s:.2f} s")


def _print_closure(graph: Graph, peer: Any, root: str) -> None:
    """Beside networkx for the same answer: every CI reached, and the one before it."""
    first_s = _seconds(lambda: graph.impact(root))
    ours_s = _median_s(lambda: graph.impact(root), 9)
    theirs_s = _median_s(lambda: networkx.predecessor(peer, root), 5)
    distances_s = _median_s(lambda: networkx.single_source_shortest_path_length(peer, root), 5)
    reached = {node.id: node.distance for node in graph.impact(root)}
    assert reached | {root: 0} == dict(networkx.single_source_shortest_path_length(peer, root))
    print(f"impact of {root}, {len(reached)} of {NODES} CIs: {ours_s * 1e3:.0f} ms (wanted ≤ 50), after a change")
    print(f"  {first_s * 1e3:.0f} ms; networkx {theirs_s * 1e3:.0f} ms, 1/{theirs_s / ours_s:.1f} (wanted ≤ 1/8);")
    print(f"  networkx for distances alone {distances_s * 1e3:.0f} ms, 1/{distances_s / ours_s:.1f}")


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
