"""The words after `watchdeck-agent`: its grammar. Not what is done about it."""

from __future__ import annotations

import argparse
from pathlib import Path

from checks import __version__


def parser() -> argparse.ArgumentParser:
    """The grammar of `watchdeck-agent`."""
    top = argparse.ArgumentParser(prog="watchdeck-agent", description="One host's eyes: discovers and checks.")
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    run = verbs.add_parser("run", help="stay: report to a hub and run the checks that it asks for")
    run.add_argument("--state", type=Path, required=True, metavar="DIR", help="this agent's own directory")
    run.add_argument(
        "--hub", action="append", required=True, metavar="ADDRESS", help="unix:PATH or ssh://HOST:PORT; may be repeated"
    )
    run.add_argument("--lifeline", type=int, metavar="FD", help="end when this inherited pipe ends")
    enrol = verbs.add_parser("enrol", help="become known to a hub with a one-time token, read from stdin")
    enrol.add_argument("--state", type=Path, required=True, metavar="DIR", help="this agent's own directory")
    enrol.add_argument("--hub", required=True, metavar="ADDRESS", help="ssh://HOST:PORT")
    key = verbs.add_parser("key", help="print this agent's id and public key, made if need be")
    key.add_argument("--state", type=Path, required=True, metavar="DIR", help="this agent's own directory")
    key.add_argument("--trust", metavar="ADDRESS", help="ssh://HOST:PORT, whose host key is read from stdin")
    scan = verbs.add_parser("scan", help="discover this host once, without a hub, and print what was found")
    scan.add_argument("--json", action="store_true", help="print one JSON document")
    return top
