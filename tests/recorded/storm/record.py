"""Records `minute.txt`: 5,500 real tcp checks of 55 addresses whose listeners go away within a minute; some come back.

    python -m tests.recorded.storm.record > tests/recorded/storm/minute.txt

A line is `milliseconds check state attempt`: every change of a check's state, soft (attempt 1) or hard (2), as it came.
On the machine of the recording, busy with other things, it took a minute and a half.
"""

from __future__ import annotations

import asyncio
import random
import resource
import socket
import sys
import time

from checks.definition import Definition
from checks.result import State
from checks.run import run

HOSTS, PORTS, FIRST_PORT = 55, 100, 20_000
LASTS_S, AT_ONCE = 60.0, 100
SWITCH = "switch/tcp-0"


class Site:
    """The listeners of each host; the switch is one more, that goes last."""

    def __init__(self) -> None:
        self.addresses = {f"h{number:02}": f"127.0.20.{number + 1}" for number in range(HOSTS)}
        self._open: dict[str, list[socket.socket]] = {}
        for host in self.addresses:
            self.up(host)
        self._switch = socket.create_server(("127.0.20.250", FIRST_PORT))

    def up(self, host: str) -> None:
        address = self.addresses[host]
        self._open[host] = [socket.create_server((address, FIRST_PORT + port), backlog=1024) for port in range(PORTS)]

    def down(self, host: str) -> None:
        for listener in self._open.pop(host, ()):
            listener.close()

    def switch_down(self) -> None:
        self._switch.close()

    def definitions(self) -> list[Definition]:
        found = [
            Definition(f"{host}/tcp-{port}", host, "tcp", {"host": address, "port": FIRST_PORT + port}, timeout_s=5.0)
            for host, address in self.addresses.items()
            for port in range(PORTS)
        ]
        return [*found, Definition(SWITCH, "switch", "tcp", {"host": "127.0.20.250", "port": FIRST_PORT})]


async def fail(site: Site) -> None:
    """Hosts go one after the other, in random order; every tenth comes back; the switch goes last."""
    hosts = list(site.addresses)
    random.shuffle(hosts)
    for number, host in enumerate(hosts):
        await asyncio.sleep(LASTS_S * 0.75 / HOSTS)
        site.down(host)
        if number % 10 == 9:
            site.up(hosts[number - 9])
    await asyncio.sleep(LASTS_S * 0.1)
    site.switch_down()


async def main() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    site, room = Site(), asyncio.Semaphore(AT_ONCE)
    seen: dict[str, tuple[str, int]] = {}
    changed: list[str] = []
    began = time.monotonic()

    async def look(definition: Definition) -> None:
        async with room:
            state = (await run(definition)).state
        word = "ok" if state is State.OK else "critical"
        before, attempt = seen.get(definition.id, ("ok", 1))
        now = (word, 1 if word != before or word == "ok" else min(2, attempt + 1))
        if now != (before, attempt):
            changed.append(definition.id)
            sys.stdout.write(f"{(time.monotonic() - began) * 1000:.0f} {definition.id} {now[0]} {now[1]}\n")
        seen[definition.id] = now

    failing = asyncio.create_task(fail(site))
    while not failing.done() or changed:
        changed.clear()
        await asyncio.gather(*map(look, random.sample(site.definitions(), HOSTS * PORTS + 1)))
    await failing


if __name__ == "__main__":
    asyncio.run(main())
