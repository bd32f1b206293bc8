"""The command `watchdeck-agent`: reads its arguments and starts what they ask for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from checks import __version__


def parser() -> argparse.ArgumentParser:
    """The grammar of `watchdeck-agent`."""
    top = argparse.ArgumentParser(prog="watchdeck-agent", description="One host's eyes: discovers and checks.")
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    run = verbs.add_parser("run", help="stay: report to a hub and run the checks that it asks for")
    run.add_argument("--state", type=Path, required=True, metavar="DIR", help="this agent's own directory")
    run.add_argument("--hub", action="append", required=True, metavar="ADDRESS", help="unix:PATH; may be repeated")
    run.add_argument("--lifeline", type=int, metavar="FD", help="end when this inherited pipe ends")
    scan = verbs.add_parser("scan", help="discover this host once, without a hub, and print what was found")
    scan.add_argument("--json", action="store_true", help="print one JSON document")
    return top


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Runs one command; its exit status is that of the command line (0 done, 1 something is wrong, 2 usage …)."""
    arguments = parser().parse_args(argv)
    if arguments.verb == "run":
        return _run(arguments)
    from agent.discovery.printing import print_scan  # noqa: PLC0415 - only this verb needs the collectors

    return print_scan(arguments.json)


def _run(arguments: argparse.Namespace) -> int:
    import logging  # noqa: PLC0415 - only this verb stays, and only it needs what staying takes

    from agent.address import parse_address  # noqa: PLC0415
    from agent.run import Settings, run  # noqa: PLC0415
    from agent.state_dir import StateDirTaken  # noqa: PLC0415

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    try:
        run(Settings(arguments.state, [parse_address(text) for text in arguments.hub], arguments.lifeline))
    except ValueError as error:
        return _fail(2, str(error))
    except StateDirTaken as taken:
        return _fail(6, f"{taken}: another agent runs on this directory; stop it, or name another with --state")
    except OSError as error:
        return _fail(1, f"{error.filename or arguments.state}: {error.strerror or error}; is the directory yours?")
    return 0


def _fail(status: int, line: str) -> int:
    sys.stderr.write(f"watchdeck-agent: {line}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
