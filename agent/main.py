"""The command `watchdeck-agent`: reads its arguments and starts what they ask for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Optional

from agent.spared import forget, load_asyncio_without_tls, put_off


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Runs one command; its exit status is that of the command line (0 done, 1 something is wrong, 2 usage …)."""
    put_off()  # before anything else is loaded
    arguments = _said(argv)
    if arguments.verb in _ON_A_DIRECTORY:
        return _on_a_directory(arguments)
    from agent.discovery.printing import print_scan  # noqa: PLC0415 - only this verb needs the collectors

    return print_scan(arguments.json)


def _said(argv: Optional[Sequence[str]]) -> SimpleNamespace:
    from agent.arguments import parser  # noqa: PLC0415 - a resident agent forgets it

    return SimpleNamespace(**vars(parser().parse_args(argv)))


def _on_a_directory(arguments: SimpleNamespace) -> int:
    """What needs an agent's directory, and how what can go wrong there is said."""
    load_asyncio_without_tls()
    from agent.state_dir import StateDirTaken  # noqa: PLC0415 - `scan` needs none of it

    try:
        return _ON_A_DIRECTORY[arguments.verb](arguments)
    except ValueError as error:
        return _fail(2, str(error))
    except StateDirTaken as taken:
        return _fail(6, f"{taken}: another agent runs on this directory; stop it, or name another with --state")
    except OSError as error:
        return _fail(1, f"{error.filename or arguments.state}: {error.strerror or error}; is the directory yours?")


def _run(arguments: SimpleNamespace) -> int:
    forget("agent.arguments", "argparse", "gettext", "shutil", "bz2", "lzma")
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


def _enrol(arguments: SimpleNamespace) -> int:
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


def _key(arguments: SimpleNamespace) -> int:
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
