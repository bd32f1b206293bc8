"""The command `watchdeck-agent`: reads its arguments and starts what they ask for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Optional

from checks import __version__


def parser() -> argparse.ArgumentParser:
    """The grammar of `watchdeck-agent`."""
    top = argparse.ArgumentParser(prog="watchdeck-agent", description="One host's eyes: discovers and checks.")
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    scan = verbs.add_parser("scan", help="discover this host once, without a hub, and print what was found")
    scan.add_argument("--json", action="store_true", help="print one JSON document")
    return top


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Runs one command; its exit status is that of the command line (0 done, 1 something is wrong, 2 usage)."""
    arguments = parser().parse_args(argv)
    from agent.discovery.printing import print_scan  # noqa: PLC0415 - only this verb needs the collectors

    return print_scan(arguments.json)


if __name__ == "__main__":
    sys.exit(main())
