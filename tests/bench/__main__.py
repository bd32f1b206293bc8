"""`make bench`: every figure that is promised, measured now. `make bench ARGS=service` runs those of that name.

A bench is a module `bench_*.py` here with `run()`, that prints its lines, or returns figures for the table at the end.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from tests.bench.figure import Figure, print_table


def main(wanted: list[str]) -> None:
    figures: list[Figure] = []
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        if not wanted or any(name in path.stem for name in wanted):
            print(f"== {path.stem.removeprefix('bench_').replace('_', ' ')}", flush=True)
            figures += importlib.import_module(f"tests.bench.{path.stem}").run() or ()
    if figures:
        print_table(figures)
        print(
            "load average {:.1f} over 1 minute, {:.1f} over 5, on {} cores".format(
                *os.getloadavg()[:2], os.cpu_count() or 1
            )
        )


if __name__ == "__main__":
    main(sys.argv[1:])
