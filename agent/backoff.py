"""How long to wait before the next try: longer each time, never the same for two agents. Not the waiting itself."""

from __future__ import annotations

import random
from typing import Callable

FIRST_S = 0.5
LONGEST_S = 60.0
SETTLED_AFTER_S = 30.0  # a connection that held this long was a good one


class Backoff:
    """Doubles up to `longest_s`; each wait lies between half of it and the whole, so that a fleet spreads out."""

    def __init__(
        self,
        first_s: float = FIRST_S,
        longest_s: float = LONGEST_S,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._first_s, self._longest_s, self._uniform = first_s, longest_s, uniform
        self._next_s = first_s
        self._spread_s = 0.0

    def wait_s(self) -> float:
        """The time to wait now."""
        ceiling_s = self._next_s
        self._next_s = min(2 * ceiling_s, self._longest_s)
        spread_s, self._spread_s = self._spread_s, 0.0
        return self._uniform(ceiling_s / 2, ceiling_s) + self._uniform(0.0, spread_s)

    def settle(self) -> None:
        """The last try went well: begin again at the shortest wait."""
        self._next_s = self._first_s

    def spread(self, within_s: float) -> None:
        """A hub is lost that others lose with us: let the next wait spread us over so long as that hub said."""
        self._spread_s = min(max(0.0, within_s), self._longest_s)
