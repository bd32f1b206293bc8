"""What connections and channels share: who may be in, by which rules, and what is written down. Not the listening."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Protocol

from cmdb.hub.agents import Agents
from cmdb.hub.hub import Hub
from cmdb.hub.identities import EnrolledAgent, Person
from cmdb.ssh_key import public_key
from console.errors import CommandError
from console.exit_codes import Exit
from console.ssh.guard import Guard
from console.ssh.journal import Journal
from console.ssh.nursery_link import NurseryLink
from console.ssh.rights import Newcomer, Visitor

_AGENT_NAME = re.compile(r"agent-([0-9a-f]{32})")


class Guest(Protocol):
    """A connection, as far as it may have to go."""

    def still_welcome(self) -> bool:
        """Whether who came in may still be in."""

    def cut_off(self, why: str) -> None:
        """End it at once."""


class Porter:
    """One for each front door."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.identities = hub.identities
        self.guard = Guard(hub.config.ssh)
        self.journal = Journal(hub.ledger)
        self.nursery = NurseryLink()
        self.greeters: set[Guest] = set()
        self._work: set[asyncio.Task[Any]] = set()
        self._user_authorities: frozenset[str] = frozenset()
        self._agent_authorities: frozenset[str] = frozenset()

    def trust_authorities(self) -> None:
        """Those that the configuration names, from now on. Raises `CommandError`."""
        config = self.hub.config.ssh
        self._user_authorities = _authorities(config.user_ca)
        self._agent_authorities = _authorities(config.agent_ca)

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run this for as long as the door is open."""
        task = asyncio.create_task(work, name=name)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def end_work(self) -> None:
        """Cancel what was started, and see it end."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    @property
    def expects_newcomers(self) -> bool:
        """Whether an agent that nobody knows may come to enrol."""
        return self.identities.expects_newcomers(self.hub.clock.now())

    @property
    def agents(self) -> Agents:
        """The hub's end of the agents."""
        return self.hub.agents

    def certified(self, authority: str, name: str) -> Visitor | None:
        """Who a certificate of this authority for this name lets in."""
        if authority in self._user_authorities:
            return self.identities.person(name)
        agent = _AGENT_NAME.fullmatch(name)
        return EnrolledAgent(agent[1]) if agent and authority in self._agent_authorities else None

    def knows(self, visitor: Visitor, key: str | None) -> bool:
        """Whether this visitor may still be in, by this key (None: by certificate)."""
        match visitor:
            case Person(name=name):
                return self.identities.person(name) == visitor and (
                    key is None or self.identities.of_key(key) == visitor
                )
            case EnrolledAgent():
                return key is None or self.identities.of_key(key) == visitor
            case Newcomer():
                return True

    def look_who_is_in(self) -> None:
        """Keys or roles have changed: whom that concerns is cut off at once, and may come in anew."""
        for greeter in list(self.greeters):
            if not greeter.still_welcome():
                greeter.cut_off("the key or role was changed or removed")


def _authorities(files: tuple[str, ...]) -> frozenset[str]:
    """The public keys in these files. Raises `CommandError`."""
    try:
        return frozenset(public_key(Path(name).read_text()) for name in files)
    except (OSError, ValueError) as error:
        raise CommandError(Exit.USAGE, "SSH authority", str(error), "see [ssh] in watchdeck.toml") from error
