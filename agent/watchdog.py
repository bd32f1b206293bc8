"""The agent's eye on itself: what it may cost its host. Says when that is too much; ending is its caller's."""

from __future__ import annotations

from collections import deque

import msgspec

LOOK_EVERY_S = 30.0


class Allowance(msgspec.Struct, frozen=True):
    """`cpu_share` of one core is what it may use over `cpu_window_s`; `rss_bytes` at any time."""

    rss_bytes: int = 256 * 1024 * 1024
    cpu_share: float = 0.9
    cpu_window_s: float = 600.0


class Watchdog:
    """Is told what was used, and answers with a reason once it is too much."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._looks: deque[tuple[float, float]] = deque()  # when, and the CPU time until then

    def look(self, now_s: float, cpu_s: float, rss_bytes: int) -> str:
        """Why this agent should start anew; empty while all is well."""
        allowance = self._allowance
        if rss_bytes > allowance.rss_bytes:
            return f"it holds {rss_bytes // 2**20} MiB, {allowance.rss_bytes // 2**20} are allowed"
        self._looks.append((now_s, cpu_s))
        while len(self._looks) > 1 and self._looks[1][0] <= now_s - allowance.cpu_window_s:
            self._looks.popleft()
        since_s, before_s = self._looks[0]
        window_s = now_s - since_s
        share = (cpu_s - before_s) / window_s if window_s >= allowance.cpu_window_s else 0.0
        if share > allowance.cpu_share:
            return f"it used {share:.0%} of a core for {window_s:.0f} s, {allowance.cpu_share:.0%} are allowed"
        return ""
