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


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Runs one command; its exit status is that of the command line (0 done, 1 something is wrong, 2 usage …)."""
    arguments = parser().parse_args(argv)
    if arguments.verb in _ON_A_DIRECTORY:
        return _on_a_directory(arguments)
    from agent.discovery.printing import print_scan  # noqa: PLC0415 - only this verb needs the collectors

    return print_scan(arguments.json)


def _on_a_directory(arguments: argparse.Namespace) -> int:
    """What needs an agent's directory, and how what can go wrong there is said."""
    # Where it is installed, msgspec loads it, for a mistake of TypedDict that concerns nothing here: 5 MB for ever.
    sys.modules.setdefault("typing_extensions", None)  # type: ignore[arg-type]
    from agent.state_dir import StateDirTaken  # noqa: PLC0415 - `scan` needs none of it

    try:
        return _ON_A_DIRECTORY[arguments.verb](arguments)
    except ValueError as error:
        return _fail(2, str(error))
    except StateDirTaken as taken:
        return _fail(6, f"{taken}: another agent runs on this directory; stop it, or name another with --state")
    except OSError as error:
        return _fail(1, f"{error.filename or arguments.state}: {error.strerror or error}; is the directory yours?")


def _run(arguments: argparse.Namespace) -> int:
    import logging  # noqa: PLC0415

    from agent.address import parse_address  # noqa: PLC0415
    from agent.run import Settings, TooDear, run  # noqa: PLC0415

    logging.raiseExceptions = False  # a log on a full disk is no reason to write more into it
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    hubs = [parse_address(text, arguments.state) for text in arguments.hub]
    try:
        run(Settings(arguments.state, hubs, arguments.lifeline))
    except TooDear as reason:
        return _fail(1, f"ends, to be started anew: {reason}")
    return 0


def _enrol(arguments: argparse.Namespace) -> int:
    from agent.enrol import NotEnrolled, enrol  # noqa: PLC0415
    from agent.key_pair import NoKeyMade  # noqa: PLC0415
    from agent.ssh_address import parse_hub_host  # noqa: PLC0415
    from agent.state_dir import StateDir  # noqa: PLC0415
    from agent.token import parse_token  # noqa: PLC0415

    hub, token = parse_hub_host(arguments.hub), parse_token(sys.stdin.read(1000))
    state = StateDir(arguments.state.absolute())
    state.take()
    try:
        enrol(state, hub, token)
    except (NoKeyMade, NotEnrolled, ConnectionError) as error:
        return _fail(1, f"{hub}: {error}")
    sys.stdout.write(f"enrolled as {state.agent_id()}; now: watchdeck-agent run --state {state.path} --hub {hub}\n")
    return 0


def _key(arguments: argparse.Namespace) -> int:
    import json  # noqa: PLC0415

    from agent.enrol import trust  # noqa: PLC0415
    from agent.key_pair import KeyPair, NoKeyMade  # noqa: PLC0415
    from agent.ssh_address import parse_hub_host  # noqa: PLC0415
    from agent.state_dir import StateDir  # noqa: PLC0415

    state = StateDir(arguments.state.absolute())
    state.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        key = KeyPair(state.path).public()
    except NoKeyMade as error:
        return _fail(1, str(error))
    if arguments.trust:
        trust(state, parse_hub_host(arguments.trust), sys.stdin.readline(1000).strip())
    sys.stdout.write(json.dumps({"agent_id": state.agent_id(), "key": key}) + "\n")
    return 0


_ON_A_DIRECTORY = {"run": _run, "enrol": _enrol, "key": _key}


def _fail(status: int, line: str) -> int:
    sys.stderr.write(f"watchdeck-agent: {line}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
