"""All edges in two arrays: a node's neighbours are a slice. Quick to walk widely, rebuilt when edges change."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping


class Rows:
    """A frozen copy of adjacency over nodes 0 … size - 1."""

    def __init__(self, adjacency: Mapping[int, Collection[int]], size: int) -> None:
        self._starts = array("l", bytes(8))
        self._targets = array("i")
        for node in range(size):
            self._targets.extend(adjacency.get(node, ()))
            self._starts.append(len(self._targets))

    def neighbours(self, node: int) -> array[int]:
        """Where this node's edges lead."""
        return self._targets[self._starts[node] : self._starts[node + 1]]
