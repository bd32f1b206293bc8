"""Results of one check, counted as long as its state stays: what a `Summary` is made of."""

from __future__ import annotations

import math

from agent.wire import Summary
from checks.result import Result
from checks.rollup import bucket_of, counted

MAX_METRICS = 50


class Tally:
    """Minimum, sum, maximum, count and last of each metric. The first result begins it but is not yet counted.

    Up to three values are known from these alone; from the fourth on they are counted by buckets, too.
    """

    __slots__ = ("_buckets", "_count", "_last", "_metrics", "_start")

    def __init__(self, first: Result) -> None:
        self._start = first.at
        self._last = first
        self._count = 0
        self._metrics: dict[str, tuple[float, float, float, int, float]] = {}
        self._buckets: dict[str, dict[int, int]] = {}

    def add(self, result: Result) -> None:
        """Count one more result of the same state."""
        self._last = result
        self._count += 1
        for metric in result.metrics:
            value = metric.value
            if value is None or not math.isfinite(value):
                continue
            if metric.name not in self._metrics and len(self._metrics) >= MAX_METRICS:
                continue
            low, total, high, count, _ = self._metrics.get(metric.name, (value, 0.0, value, 0, value))
            if count >= 3:
                if count == 3:
                    self._buckets[metric.name] = counted((low, total - low - high, high))
                bucket, counts = bucket_of(value), self._buckets[metric.name]
                counts[bucket] = counts.get(bucket, 0) + 1
            self._metrics[metric.name] = (min(low, value), total + value, max(high, value), count + 1, value)

    def summary(self) -> Summary:
        """What there is to say about all of them."""
        return Summary(
            check=self._last.check,
            start=self._start,
            end=self._last.at,
            state=int(self._last.state),
            count=self._count,
            output=self._last.output,
            metrics={
                name: (low, total / count, high, count, last)
                for name, (low, total, high, count, last) in self._metrics.items()
            },
            buckets=self._buckets,
        )
