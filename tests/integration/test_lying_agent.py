"""An agent with a key of its own that lies, over the real front door: refused with the reason, and nothing more."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.address import parse_address
from agent.connection import Connection, ConnectionEnded, Message, Side
from agent.discovery.digest import digest_of
from agent.frames import HEADER_BYTES, frame
from agent.link import Link
from agent.state_dir import StateDir
from agent.wire import Hello, Item, Offer, Refusal, ScanEnd, Section, SectionOutcome, Want, Welcome
from cmdb.hub.client import HubClient
from cmdb.model.kind import Kind
from tests.integration.test_agent_over_ssh import enrol, hub_of
from tests.support.ssh import Site

pytestmark = pytest.mark.slow
LIMIT_S = 60.0
HOST = Item("host", "host", "web1", keys={"dmi_uuid": "4c4c4544-0046-3510-8058-b4c04f4a3332", "name": "web1"})
ROOT = Item("filesystem", "/", "/", {"size_bytes": 10**9, "type": "ext4"})


class Liar:
    """Speaks the protocol by hand, so that it can say what no agent would."""

    def __init__(self, link: Link, writer: Any) -> None:
        self._link, self._writer = link, writer
        self._messages = link.messages()
        self._scan = 0

    async def hears(self, kind: type[Message]) -> Any:
        """The next message of this type."""
        async with asyncio.timeout(LIMIT_S):
            async for message in self._messages:
                if isinstance(message, kind):
                    return message
        raise AssertionError(f"the hub hung up before {kind.__name__}")

    async def offers(self, *items: Item) -> Want:
        """Begin a scan of a host with these file systems."""
        self._scan += 1
        outcomes = (
            SectionOutcome("host", "ok", digest=digest_of([HOST])),
            SectionOutcome("filesystem", "ok", digest=f"{digest_of(items)}"),
        )
        await self._link.send(Offer(self._scan, datetime.now(UTC), outcomes))
        want: Want = await self.hears(Want)
        return want

    async def reports(self, *items: Item) -> None:
        """A whole scan, as an honest agent sends it."""
        want = await self.offers(*items)
        for name, listed in (("host", [HOST]), ("filesystem", list(items))):
            if name in want.sections:
                await self._link.send(Section(self._scan, name, listed))
        await self._link.send(ScanEnd(self._scan, 0.1))

    async def says(self, message: dict[str, Any] | bytes) -> None:
        """A message as it stands, whatever it is."""
        payload = message if isinstance(message, bytes) else msgspec.msgpack.encode(message)
        self._writer.write(frame(payload, len(payload)))
        await self._writer.drain()

    async def announces(self, size_bytes: int) -> None:
        """The head of a frame of this size, and its beginning."""
        self._writer.write(size_bytes.to_bytes(HEADER_BYTES, "big") + b"x" * 1000)
        await self._writer.drain()

    def section(self, **item: Any) -> dict[str, Any]:
        plain = {"class": "filesystem", "key": "/", "name": "/", **item}
        return {"type": "section", "scan": self._scan, "name": "filesystem", "items": [plain]}


@contextlib.asynccontextmanager
async def enrolled(site: Site, admin: HubClient, folder: Path) -> AsyncIterator[Liar]:
    """An agent that was let in, and has reported honestly so far."""
    state = StateDir(folder / "agent")
    done = await enrol(site, state.path, (await admin.call("agent.enrol", host="web1"))["token"])
    assert done.status == 0, done.err
    async with talking(site, state) as liar:
        await liar.reports(ROOT)
        await liar.reports(ROOT)  # the second is taken when the first was
        yield liar


@contextlib.asynccontextmanager
async def talking(site: Site, state: StateDir) -> AsyncIterator[Liar]:
    async with parse_address(hub_of(site), state.path).dial() as (reader, writer):
        link = Link(reader, writer, Connection(Side.AGENT))
        liar = Liar(link, writer)
        await link.send(Hello(1, state.agent_id(), "web1", "0.1", "linux"))
        await liar.hears(Welcome)
        yield liar


async def record(site: Site) -> list[Any]:
    return [*await site.hub.store.find(Kind.CI), *await site.hub.store.find(Kind.RELATION)]


def deep(levels: int) -> bytes:
    """A section whose item is nested so deep, written by hand: no encoder would."""
    head = msgspec.msgpack.encode({"type": "section", "scan": 1, "name": "filesystem", "items": []})[:-1]
    item = {"class": "filesystem", "key": "/", "name": "/", "attributes": None}
    return head + b"\x91" + msgspec.msgpack.encode(item)[:-1] + b"\x81\xa1a" * levels + b"\xc0"


LIES = {
    "a name of 1 MB": ({"name": "x" * 1_000_000}, "name is 1000000 characters long"),
    "control characters": ({"name": "\x1b[2J\x07"}, "name holds control characters"),
    "a negative size": ({"attributes": {"size_bytes": -5}}, "size_bytes is below zero"),
    "a name that is a number": ({"name": 7}, "Expected `str`, got `int`"),
    "attributes that are a list": ({"attributes": [1]}, "Expected `object`, got `array`"),
    "another section's class": ({"class": "package"}, "section filesystem lists a package"),
    "a value nested too deep": ({"attributes": {"a": {"a": {"a": {"a": {"a": 1}}}}}}, "nested more than 4 deep"),
}


@pytest.mark.parametrize(("item", "why"), LIES.values(), ids=LIES.keys())
async def test_a_lie_is_refused_with_the_reason_and_leaves_the_record_as_it_was(
    site: Site, admin: HubClient, tmp_path: Path, item: dict[str, Any], why: str
) -> None:
    async with enrolled(site, admin, tmp_path) as liar:
        before = await record(site)
        await liar.offers(Item("filesystem", "/", "/", {"lie": True}))
        await liar.says(liar.section(**item))
        refusal = await liar.hears(Refusal)
        assert why in refusal.why
        assert await record(site) == before
        await liar.reports(ROOT, Item("filesystem", "/var", "/var"))  # it may still tell the truth
        await liar.offers(ROOT)
        assert len(await record(site)) > len(before)


async def test_an_item_told_twice_is_refused(site: Site, admin: HubClient, tmp_path: Path) -> None:
    async with enrolled(site, admin, tmp_path) as liar:
        before = await record(site)
        await liar.reports(ROOT, Item("filesystem", "/var", "/var"), Item("filesystem", "/var", "/var", {"a": 1}))
        assert "filesystem /var: listed twice" in (await liar.hears(Refusal)).why
        assert await record(site) == before


async def test_a_key_told_twice_is_refused(site: Site, admin: HubClient, tmp_path: Path) -> None:
    async with enrolled(site, admin, tmp_path) as liar:
        before = await record(site)
        await liar.offers(Item("filesystem", "/", "/", {"lie": True}))
        once = msgspec.msgpack.encode(liar.section(attributes={"size_bytes": 1}))
        twice = once.replace(b"\x81\xaasize_bytes\x01", b"\x82\xaasize_bytes\x01\xaasize_bytes\x02")
        assert len(twice) > len(once)
        await liar.says(twice)
        assert "says a key twice in one map" in (await liar.hears(Refusal)).why
        assert await record(site) == before


@pytest.mark.parametrize("figures", [{"lag_s": math.nan}, {"cpu_s": math.inf}, {"overdue": -1}])
async def test_a_heartbeat_of_impossible_figures_is_refused(
    site: Site, admin: HubClient, tmp_path: Path, figures: dict[str, Any]
) -> None:
    async with enrolled(site, admin, tmp_path) as liar:
        await liar.says({"type": "heartbeat", "at": datetime.now(UTC), **figures})
        assert "below zero, or none" in (await liar.hears(Refusal)).why
        assert (site.hub.lag_s, site.hub.overdue) == (0.0, 0)


async def test_a_thousand_levels_are_refused(site: Site, admin: HubClient, tmp_path: Path) -> None:
    async with enrolled(site, admin, tmp_path) as liar:
        before = await record(site)
        await liar.says(deep(1000))
        assert "nested" in (await liar.hears(Refusal)).why
        assert await record(site) == before


async def test_a_name_of_ten_megabytes_ends_the_connection_with_the_reason(
    site: Site, admin: HubClient, tmp_path: Path
) -> None:
    async with enrolled(site, admin, tmp_path) as liar:
        before = await record(site)
        await liar.announces(10_000_000)
        assert "10000000 bytes is over the limit" in (await liar.hears(Refusal)).why
        with pytest.raises((AssertionError, ConnectionEnded, OSError)):
            await liar.hears(Welcome)
        assert await record(site) == before
    assert len(await admin.call("ci.list")) == 2
