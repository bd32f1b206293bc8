"""A metric over a stretch of time, and stretches put together: a minute, an hour, a day. Not where they are kept.

The histogram has buckets that double, so that any two can be added and a quantile is never off by more than a bucket.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Optional

import msgspec

SPANS = {"1m": timedelta(minutes=1), "1h": timedelta(hours=1), "1d": timedelta(days=1)}
BUCKETS_PER_DOUBLING = 4
_LOWEST = -1000  # the bucket of everything that is not above zero
_HIGHEST = BUCKETS_PER_DOUBLING * 1024  # the bucket that ends where floating point does


class Rollup(msgspec.Struct, frozen=True, gc=False):
    """`count` values from `start` on; `buckets` maps a bucket's number to how many values fell into it."""

    start: datetime
    count: int
    total: float
    minimum: float
    maximum: float
    last: float
    buckets: dict[int, int] = {}

    @property
    def mean(self) -> float:
        return self.total / self.count

    def quantile(self, share: float) -> float:
        """The value that this share of all lies at or below, to within a bucket (19 %)."""
        wanted = max(1, math.ceil(share * self.count))
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= wanted:
                return min(max(_upper(bucket), self.minimum), self.maximum)
        return self.maximum

    def count_within(self, value: float) -> int:
        """How many are at most this; those in the bucket that it lies in count only where all of them are."""
        if self.maximum <= value:
            return self.count
        return sum(count for bucket, count in self.buckets.items() if _upper(bucket) <= value)


def bucket_of(value: float) -> int:
    """The number of the bucket that this value falls into."""
    if value <= 0:
        return _LOWEST
    return max(_LOWEST + 1, math.ceil(BUCKETS_PER_DOUBLING * math.log2(value)))


def _upper(bucket: int) -> float:
    if bucket == _LOWEST:
        return 0.0
    return math.inf if bucket >= _HIGHEST else float(2 ** (bucket / BUCKETS_PER_DOUBLING))


def plausible(buckets: dict[int, int]) -> dict[int, int]:
    """Those counts that there can be: what another machine says is not believed."""
    return {bucket: count for bucket, count in buckets.items() if _LOWEST <= bucket <= _HIGHEST and count > 0}


def rolled(at: datetime, values: Iterable[float]) -> Optional[Rollup]:
    """These values, in the order measured, as one rollup; None of none."""
    measured = list(values)
    if not measured:
        return None
    return Rollup(at, len(measured), sum(measured), min(measured), max(measured), measured[-1], counted(measured))


def counted(values: Iterable[float]) -> dict[int, int]:
    """How many of the values fall into each bucket."""
    buckets: dict[int, int] = {}
    for value in values:
        bucket = bucket_of(value)
        buckets[bucket] = buckets.get(bucket, 0) + 1
    return buckets


def of_summary(start: datetime, metric: tuple[float, float, float, int, float]) -> Rollup:
    """What a `Summary` says of a metric (minimum, mean, maximum, count, last) as a rollup.

    Up to three values are known exactly; of more, the rest is taken to lie together.
    """
    minimum, mean, maximum, count, last = metric
    total = mean * count
    if count == 1:
        return Rollup(start, 1, mean, minimum, maximum, last, counted([mean]))
    buckets = counted([minimum, maximum])
    if count > 2:
        bucket = bucket_of((total - minimum - maximum) / (count - 2))
        buckets[bucket] = buckets.get(bucket, 0) + count - 2
    return Rollup(start, count, total, minimum, maximum, last, buckets)


def merged(rollups: Iterable[Rollup], start: datetime) -> Optional[Rollup]:
    """Several stretches as one that begins at `start`; None of none. In whatever order they come."""
    parts = sorted(rollups, key=lambda rollup: rollup.start)
    if not parts:
        return None
    buckets: dict[int, int] = {}
    for part in parts:
        for bucket, count in part.buckets.items():
            buckets[bucket] = buckets.get(bucket, 0) + count
    return Rollup(
        start=start,
        count=sum(part.count for part in parts),
        total=math.fsum(part.total for part in parts),
        minimum=min(part.minimum for part in parts),
        maximum=max(part.maximum for part in parts),
        last=parts[-1].last,
        buckets=buckets,
    )


def start_of(moment: datetime, span: str) -> datetime:
    """When the stretch of this span that holds the moment begins, in UTC."""
    since = datetime(1970, 1, 1, tzinfo=timezone.utc)
    return moment - (moment - since) % SPANS[span]


def coarser(rollups: Iterable[Rollup], span: str) -> list[Rollup]:
    """The same values in stretches of this span, in order of time."""
    grouped: dict[datetime, list[Rollup]] = {}
    for rollup in rollups:
        grouped.setdefault(start_of(rollup.start, span), []).append(rollup)
    found = (merged(parts, start) for start, parts in sorted(grouped.items()))
    return [rollup for rollup in found if rollup is not None]
