"""The recorded storm of `tests/recorded/storm`: the items that it is about, and its events as a hub is told them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cmdb.hub.hub import Hub
from cmdb.model.check import CheckRecord
from tests.support.hub import START, HandClock, check, ci, put, relation, until

FILE = Path(__file__).parents[1] / "recorded" / "storm" / "minute.txt"
TOGETHER_MS = 100  # an agent sends what changed within this time as one batch
SWITCH = "switch/tcp-0"


class Event(NamedTuple):
    """A change of a check's state, `at_ms` from the beginning."""

    at_ms: int
    check: str
    state: str
    attempt: int

    @property
    def host(self) -> str:
        return self.check.partition("/")[0]


def storm() -> list[Event]:
    """All of it, in the order in which it came."""
    lines = (line.split() for line in FILE.read_text().splitlines())
    return [Event(int(at_ms), check, state, int(attempt)) for at_ms, check, state, attempt in lines]


def batches(events: Sequence[Event]) -> Iterator[list[Event]]:
    """As agents send them: what one host saw within a tenth of a second."""
    together: dict[tuple[int, str], list[Event]] = defaultdict(list)
    for event in events:
        together[event.at_ms // TOGETHER_MS, event.host].append(event)
    yield from together.values()


def is_bad_at_the_end(events: Sequence[Event]) -> dict[str, bool]:
    """By check."""
    return {event.check: event.state == "critical" for event in events}


async def landscape(hub: Hub, events: Sequence[Event]) -> None:
    """Every check is well, every host is behind the switch."""
    hosts = sorted({event.host for event in events} - {"switch"})
    await put(hub, ci("switch", "host", host="switch"), *(ci(host, "host", host=host) for host in hosts))
    await put(hub, *(relation(host, "depends_on", "switch") for host in hosts))
    await put(hub, *(_record(Event(0, name, "ok", 1)) for name in sorted({event.check for event in events})))
    await until(lambda: hub.census.cis == len(hosts) + 1, "the census has all", limit_s=180)


async def replay(hub: Hub, clock: HandClock, events: Sequence[Event], pace: float = 0.0) -> None:
    """Tell the hub all of it; `pace` 1 takes as long as it took, 0 no longer than the hub."""
    loop = asyncio.get_running_loop()
    began, then = loop.time(), clock.now()
    for together in batches(events):
        at_s = together[0].at_ms / 1000
        await asyncio.sleep(max(0.0, began + at_s * pace - loop.time()))
        clock.turn(seconds=at_s - (clock.now() - then).total_seconds())
        await put(hub, *map(_record, together))


async def settled(hub: Hub, events: Sequence[Event], limit_s: float = 300.0) -> None:
    """Wait until the incidents say of every check what its last event says."""
    expected = {name for name, bad in is_bad_at_the_end(events).items() if bad}

    def unwell() -> set[str]:
        return {check for incident in hub.book for check in hub.book.effects_of(incident.number).bad}

    await until(lambda: unwell() == expected, "the incidents have every check that is bad, and no other", limit_s)


def _record(event: Event) -> CheckRecord:
    host, _, name = event.check.partition("/")
    hard = event.state == "ok" or event.attempt > 1
    return check(host, name, event.state, hard=hard, attempt=event.attempt, since=START)
