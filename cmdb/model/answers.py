"""How quickly a service answered over a stretch of time, against what was agreed."""

from __future__ import annotations

import msgspec

LEAST_ANSWERS = 20  # fewer say nothing about a share of all


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """`within` is the share of `count` answers that came in `target_ms`; `actual_ms` what `target_share` of them took.

    Both are as exact as the histogram that they were kept in (19 %), and never better than what was measured.
    """

    target_ms: float
    target_share: float
    actual_ms: float
    within: float
    count: int

    @property
    def kept(self) -> bool | None:
        """None while there are too few answers to say."""
        return self.within >= self.target_share if self.count >= LEAST_ANSWERS else None
