"""`make bench`: every figure that is promised, measured now. `make bench ARGS=service` runs those of that name.

A bench is a module `bench_*.py` here with `run() -> None` that prints its lines.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def main(wanted: list[str]) -> None:
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        if not wanted or any(name in path.stem for name in wanted):
            print(f"== {path.stem.removeprefix('bench_').replace('_', ' ')}")
            importlib.import_module(f"tests.bench.{path.stem}").run()


if __name__ == "__main__":
    main(sys.argv[1:])
