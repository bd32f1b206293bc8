"""Real scans over the real wire into a real hub: what the record's history says of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.connection import Connection, Message, Side
from agent.discovery import dpkg
from agent.discovery.collector import Collector, Limits, Look
from agent.discovery.collectors import ALL
from agent.discovery.scan import SectionReport, scan
from agent.known_items import KnownItems
from agent.link import Link
from agent.scan_child import parts
from agent.wire import Hello, Item, Offer, ScanEnd, Want, Welcome
from cmdb.hub.hub import Hub
from cmdb.model.change import HistoryRow
from cmdb.model.kind import Kind
from tests.unit.discovery.recorded import recorded

pytestmark = pytest.mark.slow
LIMIT_S = 60.0


class Scanner:
    """An agent whose scans are begun by hand, with collectors of the test's choice."""

    def __init__(self, link: Link, hub: Hub, known: Path) -> None:
        self._link, self._hub, self._known = link, hub, known
        self._messages = link.messages()
        self._number = 0
        self.sent: list[str] = []  # the keys of the items that the last scan sent

    async def arrives(self) -> None:
        await self._link.send(Hello(1, "a" * 32, "web1", "0.1", "linux"))
        await self.hears(Welcome)

    async def hears(self, kind: type[Message]) -> Message:
        async with asyncio.timeout(LIMIT_S):
            async for message in self._messages:
                if isinstance(message, kind):
                    return message
        raise AssertionError(f"the hub hung up before {kind.__name__}")

    async def scans(self, *collectors: Collector, section_s: float = 15.0) -> list[HistoryRow]:
        """One scan by these, until the hub took it; the history rows that it made."""
        before = self._hub.store.seq
        report = scan(collectors, Limits(section_s=section_s, sniff=False))
        self._number += 1
        await self._link.send(Offer(self._number, datetime.now(UTC), tuple(one.outcome for one in report.sections)))
        want = await self.hears(Want)
        assert isinstance(want, Want)
        await self._answer(want, report.sections)
        await self._link.send(ScanEnd(self._number, report.duration_s))
        await self._taken()
        return [row for row in await self._hub.store.history(Kind.CI) if row.seq > before]

    async def _answer(self, want: Want, sections: Iterable[SectionReport]) -> None:
        known = KnownItems(self._known)
        self.sent = []
        for section in sections:
            name = section.outcome.name
            if name not in want.sections:
                continue
            since = known.differences(name, want.known.get(name, ""), section.items)
            told = parts(self._number, name, section.items)
            if since is not None:
                told = parts(self._number, name, since.items, want.known[name], since.gone)
            for part in told:
                self.sent += [item.key for item in part.items]
                await self._link.send(part)
        known.keep((section.outcome, section.items) for section in sections)

    async def _taken(self) -> None:
        """An offer is answered after what came before it."""
        self._number += 1
        await self._link.send(Offer(self._number, datetime.now(UTC), ()))
        await self.hears(Want)


@pytest.fixture
async def scanner(hub: Hub, tmp_path: Path) -> AsyncIterator[Scanner]:
    reader, writer = await asyncio.open_unix_connection(hub.locations.agent_socket)
    scanner = Scanner(Link(reader, writer, Connection(Side.AGENT)), hub, tmp_path / "known.msgpack")
    await scanner.arrives()
    yield scanner
    writer.close()


@pytest.fixture
def status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A real dpkg database that the collector reads in place of this machine's."""
    file = tmp_path / "status"
    file.write_text(recorded("dpkg/debian-12-status.txt"))
    monkeypatch.setattr(dpkg, "STATUS", str(file))
    return file


def a_host(_look: Look) -> Iterable[Item]:
    return [Item("host", "host", "web1", keys={"dmi_uuid": "4c4c4544-0046-3510-8058-b4c04f4a3332", "name": "web1"})]


HOST = Collector("host", a_host)
DPKG = next(collector for collector in ALL if collector.section == "dpkg")


async def test_a_second_scan_of_an_unchanged_host_makes_no_history(scanner: Scanner, status: Path) -> None:
    assert len(await scanner.scans(HOST, DPKG)) > 5
    assert status.exists()
    assert await scanner.scans(HOST, DPKG) == []
    assert scanner.sent == []


async def test_a_package_that_was_upgraded_is_one_row_and_one_item_on_the_wire(scanner: Scanner, status: Path) -> None:
    await scanner.scans(HOST, DPKG)
    before, openssl, after = status.read_text().partition("Package: openssl\n")
    status.write_text(before + openssl + after.replace("Version: 3.0.20-1~deb12u2", "Version: 3.0.21-1~deb12u1", 1))
    (row,) = await scanner.scans(HOST, DPKG)
    assert row.attribute == "attributes.purl"
    assert (row.before.split("@")[1][:6], row.after.split("@")[1][:6]) == ("3.0.20", "3.0.21")
    assert scanner.sent == ["dpkg/openssl:amd64"]


async def test_a_collector_that_is_too_slow_retires_nothing_and_says_timeout(
    hub: Hub, scanner: Scanner, status: Path
) -> None:
    def stuck(look: Look) -> Iterable[Item]:
        time.sleep(15)
        return ()

    await scanner.scans(HOST, DPKG)
    assert await scanner.scans(HOST, Collector("dpkg", stuck), section_s=3.0) == []
    packages = await hub.store.find(Kind.CI, {"class": "package"})
    assert len(packages) > 4
    assert {package["status"] for package in packages} == {"in_use"}
    (agent,) = await hub.store.find(Kind.AGENT)
    assert (agent["sections"]["dpkg"]["outcome"], agent["sections"]["host"]["outcome"]) == ("timeout", "ok")
    assert status.exists()
    assert await scanner.scans(HOST, DPKG) == []  # what is on record is as it is there: nothing to send anew
    assert scanner.sent == []
