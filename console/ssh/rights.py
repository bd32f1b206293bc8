"""Which kind of visitor may ask for what on a channel: one table. What a person may then do is the hub's, by role."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from cmdb.hub.identities import EnrolledAgent, Person


class Asked(enum.Enum):
    """What a client asks a channel to be."""

    PTY = "a terminal"
    SHELL = "the console"
    EXEC = "a command"
    AGENT = "the agents' subsystem"
    ENROL = "enrolment"
    OTHER = "another subsystem"


@dataclass(frozen=True)
class Newcomer:
    """An agent that has a key of its own and, it says, a token: it may enrol and nothing else."""

    key: str


Visitor = Person | EnrolledAgent | Newcomer

RIGHTS: Mapping[type, frozenset[Asked]] = {
    Person: frozenset({Asked.PTY, Asked.SHELL, Asked.EXEC}),
    EnrolledAgent: frozenset({Asked.AGENT}),
    Newcomer: frozenset({Asked.ENROL}),
}
SUBSYSTEMS: Mapping[str, Asked] = {"agent": Asked.AGENT, "enrol": Asked.ENROL}


def allowed(visitor: Visitor, asked: Asked) -> bool:
    """Whether this visitor may ask for this."""
    return asked in RIGHTS[type(visitor)]


def named(visitor: Visitor) -> str:
    """The visitor as the audit writes it."""
    match visitor:
        case Person(name=name):
            return name
        case EnrolledAgent(agent_id=agent_id):
            return f"agent {agent_id}"
        case Newcomer():
            return "newcomer"
