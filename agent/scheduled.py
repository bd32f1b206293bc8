"""One check on its way through the scheduler: what is remembered of it, and what its results are worth. No clock."""

from __future__ import annotations

from typing import Optional
from urllib.parse import urlsplit

import msgspec

from agent.tally import Tally
from agent.wire import Resume
from checks.definition import Definition
from checks.result import Result, State
from checks.state import CheckState

NEVER_RAN = CheckState()


class Entry:
    """A check that is scheduled. `due` is monotonic; `run` is set when somebody asked for it out of turn.

    `left_out`: its last turn came too late to be run, so the next one goes first. `untold`: the hub remembers
    another state than this one.
    """

    __slots__ = ("definition", "due", "gone", "left_out", "run", "running", "state", "tally", "target", "untold")

    def __init__(self, definition: Definition, state: CheckState, due: float) -> None:
        self.definition = definition
        self.target = target_of(definition)
        self.state = state
        self.due = due
        self.tally: Optional[Tally] = None
        self.run: Optional[int] = None
        self.running = False
        self.left_out = False
        self.untold = False
        self.gone = False


def target_of(definition: Definition) -> str:
    """Who is asked: the host of the check, or for what is looked at here its type; so that none starves another."""
    url = str(definition.params.get("url", ""))
    return str(definition.params.get("host") or urlsplit(url).netloc or definition.type)


def resumed(resume: Optional[Resume]) -> CheckState:
    """The state of a check that the hub remembers; a check that never ran where it does not."""
    if resume is None or resume.state == "pending":
        return NEVER_RAN
    return CheckState(State[resume.state.upper()], resume.hard, resume.attempt)


def agree(ours: CheckState, theirs: Optional[Resume]) -> bool:
    """Whether the hub remembers the state that we are in; of what never ran there is nothing to remember."""
    if ours.state is None:
        return True
    return theirs is not None and (theirs.state, theirs.hard, theirs.attempt) == (
        ours.state.word, ours.hard, ours.attempt,
    )  # fmt: skip


def disbelieved(result: Result, stalled_s: float) -> Result:
    """A bad result that was measured while we stood still: it says nothing about the thing measured."""
    output = (
        f"not known: this prober stood still for {stalled_s:.1f} s during the run, which then said: {result.output}"
    )
    return msgspec.structs.replace(result, state=State.UNKNOWN, output=output, reason="prober_late")
