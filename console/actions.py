"""What the console asks the hub to do, and what came of it in one sentence. Not which key asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cmdb.hub.client import HubGone, HubRefusal
from console.link import Link
from console.views import states
from console.views.text import clean


@dataclass(frozen=True)
class Outcome:
    """`done` is whether anything was changed."""

    done: bool
    said: str


class Actions:
    """Each verb as a coroutine that never raises: what the hub refuses is an outcome too."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def acknowledge(self, number: int) -> Outcome:
        return await self._do(f"INC-{number} is yours", "incident.ack", number=number)

    async def note(self, number: int, text: str) -> Outcome:
        return await self._do(f"INC-{number}: noted", "incident.note", number=number, text=text)

    async def assign(self, number: int, assignee: str) -> Outcome:
        return await self._do(f"INC-{number}: {assignee} has it", "incident.assign", number=number, assignee=assignee)

    async def hold(self, number: int, reason: str) -> Outcome:
        return await self._do(f"INC-{number}: on hold", "incident.hold", number=number, reason=reason)

    async def resume(self, number: int) -> Outcome:
        return await self._do(f"INC-{number}: goes on", "incident.resume", number=number)

    async def resolve(self, number: int, text: str) -> Outcome:
        return await self._do(f"INC-{number}: resolved", "incident.resolve", number=number, text=text)

    async def close(self, number: int, text: str) -> Outcome:
        return await self._do(f"INC-{number}: closed", "incident.close", number=number, text=text)

    async def run(self, check: str, name: str) -> Outcome:
        """Run a check now and say what it found."""
        try:
            row = await self._link.call("check.run", id=check)
        except (HubRefusal, HubGone) as error:
            return Outcome(False, str(error))
        return Outcome(True, f"{name}: {states.spelled(states.CHECK, row.get('state'))[0]}, {clean(row.get('output'))}")

    async def _do(self, said: str, verb: str, **args: Any) -> Outcome:
        try:
            await self._link.call(verb, **args)
        except (HubRefusal, HubGone) as error:
            return Outcome(False, clean(error))
        return Outcome(True, said)
