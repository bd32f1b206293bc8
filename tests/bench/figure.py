"""One measured figure beside what was promised and what a competitor took, and the table of them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """`ours` in `unit`. `limit` is what it may be at most; `theirs` the same of `competitor`, `wanted` how many times
    ours that must be at least."""

    what: str
    ours: float
    unit: str
    limit: float | None = None
    competitor: str = ""
    theirs: float | None = None
    wanted: float | None = None

    @property
    def ratio(self) -> float | None:
        return None if self.theirs is None else self.theirs / self.ours

    @property
    def reached(self) -> bool | None:
        """None where nothing was promised."""
        kept = [self.ours <= self.limit] if self.limit is not None else []
        if self.wanted is not None and self.ratio is not None:
            kept.append(self.ratio >= self.wanted)
        return all(kept) if kept else None


class Spent(NamedTuple):
    """What something took: by the clock, and of this process's CPU, which a busy machine does not stretch."""

    wall_s: float
    cpu_s: float


def spent(work: Callable[[], object]) -> Spent:
    """What this call takes."""
    began, began_cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - began, time.process_time() - began_cpu)


def print_table(figures: Sequence[Figure]) -> None:
    head = ("figure", "ours", "limit", "competitor", "theirs", "ratio", "wanted", "")
    rows = [head, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        left = {0, 3}
        cells = (
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join(cells).rstrip())


def _cells(figure: Figure) -> tuple[str, ...]:
    verdict = {True: "ok", False: "MISSED", None: ""}[figure.reached]
    return (
        figure.what,
        f"{_number(figure.ours)} {figure.unit}",
        "" if figure.limit is None else f"≤ {_number(figure.limit)}",
        figure.competitor,
        "" if figure.theirs is None else _number(figure.theirs),
        "" if figure.ratio is None else f"{_number(figure.ratio)}×",
        "" if figure.wanted is None else f"≥ {_number(figure.wanted)}×",
        verdict,
    )


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
