"""An error as people see it: one line with what, why and what next, and the exit status that goes with it."""

from __future__ import annotations

from cmdb.hub.protocol import Failure
from console.exit_codes import OF_CODE, Exit


class CommandError(Exception):
    """What could not be done. Raised anywhere below the command line, printed once at its edge."""

    def __init__(self, status: Exit, what: str, why: str = "", next_step: str = "") -> None:
        super().__init__(one_line(what, why, next_step))
        self.status = status


def one_line(what: str, why: str = "", next_step: str = "") -> str:
    """`what: why; next step`, without line ends and controls that a hostile name may carry."""
    what, why, next_step = (_printable(part) for part in (what, why, next_step))
    line = f"{what}: {why}" if why else what
    return f"{line}; {next_step}" if next_step else line


def _printable(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def of_failure(failure: Failure) -> CommandError:
    """The hub's refusal, as the command line reports it."""
    return CommandError(OF_CODE[failure.code], failure.what, failure.why, failure.next_step)
