"""Results of one check, counted as long as its state stays: what a `Summary` is made of."""

from __future__ import annotations

from agent.wire import Summary
from checks.result import Result

MAX_METRICS = 50


class Tally:
    """Minimum, sum, maximum, count and last of each metric. The first result begins it but is not yet counted."""

    __slots__ = ("_count", "_last", "_metrics", "_start")

    def __init__(self, first: Result) -> None:
        self._start = first.at
        self._last = first
        self._count = 0
        self._metrics: dict[str, tuple[float, float, float, int, float]] = {}

    def add(self, result: Result) -> None:
        """Count one more result of the same state."""
        self._last = result
        self._count += 1
        for metric in result.metrics:
            value = metric.value
            if value is None or (metric.name not in self._metrics and len(self._metrics) >= MAX_METRICS):
                continue
            low, total, high, count, _ = self._metrics.get(metric.name, (value, 0.0, value, 0, value))
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
        )
