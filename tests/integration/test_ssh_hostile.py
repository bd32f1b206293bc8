"""What comes to a front door on the internet: none of it stops the hub, holds a place or grows it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import shutil
import socket
import sys
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncssh
import psutil
import pytest

import console.ssh.greeter
from cmdb.config import Config, SshSection
from cmdb.model.change import Put
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from console.ssh.greeter import Greeter
from console.ssh.pump import Inlet
from tests.programs import needs
from tests.support.hub import START, ci, client_of, put, until
from tests.support.ssh import Client, Site, site_at

pytestmark = pytest.mark.slow
BANNER = b"SSH-2.0-hostile\r\n"
TEN_MB = 10_000_000
NO_SUCH_PACKET = 200


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    needs("ssh", "ssh-keygen")
    config = Config(ssh=SshSection(login_timeout_s=1, strangers=200, strangers_per_source=150))
    async with site_at(tmp_path, config=config) as site:
        yield site


async def knock(site: Site, data: bytes) -> bytes:
    """Say this, and give what is answered until the door closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    answered = b""
    try:
        writer.write(data)
        while piece := await asyncio.wait_for(reader.read(65536), 20):
            answered += piece
    except ConnectionError:
        pass
    finally:
        writer.close()
    return answered


async def still_answers(site: Site, client: Client) -> None:
    done = await client.run("ci list")
    assert done.status == 0, done.err
    await until(lambda: site.door.guard.strangers == 0, "strangers to be gone")


NOISE = random.Random(7).randbytes(300_000)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="says nothing"),
        pytest.param(b"SSH-2.0-", id="half a banner"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n", id="http"),
        pytest.param(NOISE, id="noise before the banner"),
        pytest.param(b"x\r\n" * 100_000, id="endless lines before the banner"),
        pytest.param(BANNER + NOISE, id="noise after the banner"),
        pytest.param(BANNER + b"\xff\xff\xff\xff" + NOISE, id="a packet of four gigabytes"),
        pytest.param(BANNER + b"\x00\x00\x00\x0c\x0a\x14" + b"\x00" * 10, id="an empty key exchange"),
    ],
)
async def test_it_is_shown_the_door(site: Site, data: bytes) -> None:
    mia = await site.user("mia", "viewer")
    await knock(site, data)
    await still_answers(site, mia)


async def test_a_slow_one_gets_no_more_time_than_a_silent_one(site: Site) -> None:
    mia = await site.user("mia", "viewer")
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b"S")
                await writer.drain()
                await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    with contextlib.suppress(ConnectionError):
        while await asyncio.wait_for(reader.read(65536), 30):
            pass
    dripping.cancel()
    writer.close()
    await still_answers(site, mia)


async def test_wrong_keys_in_a_loop_cost_a_place_a_moment_and_the_audit_few_rows(site: Site) -> None:
    mia = await site.user("mia", "viewer")
    keys = [asyncssh.generate_private_key("ssh-ed25519") for _ in range(30)]
    with pytest.raises((asyncssh.Error, ConnectionError)):
        await asyncssh.connect("127.0.0.1", site.port, client_keys=keys, known_hosts=None, config=[])
    for _ in range(10):
        tries = (
            asyncssh.connect("127.0.0.1", site.port, client_keys=[key], known_hosts=None, config=[])
            for key in keys[:10]
        )
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        assert all(isinstance(outcome, asyncssh.PermissionDenied) for outcome in outcomes), outcomes
    await still_answers(site, mia)
    refused = [text for _, reason, text in await site.audit() if reason == "ssh refused"]
    assert any("too many keys" in text for text in refused), refused
    said = {text.partition(" (")[0] for text in refused}
    assert len(said) <= 11  # each key is named once in a minute, however often it comes


async def test_a_siege_leaves_nothing_behind(site: Site) -> None:
    mia = await site.user("mia", "viewer")
    sayings = (b"", b"SSH-2.0-", NOISE, BANNER + NOISE, BANNER + b"\xff\xff\xff\xff" + NOISE)
    await asyncio.gather(*(knock(site, data) for data in sayings))
    await still_answers(site, mia)
    before = held(site)
    async with traced_memory() as taken:
        for _ in range(10):
            await asyncio.gather(*(knock(site, data) for data in sayings * 4))
        await still_answers(site, mia)
        await until(lambda: all(now <= then for now, then in zip(held(site), before, strict=True)), "all to be gone")
        assert taken() < TEN_MB


def held(site: Site) -> tuple[int, int, int]:
    """Tasks, connections, descriptors."""
    gc.collect()
    return len(asyncio.all_tasks()), len(site.door.greeters), psutil.Process().num_fds()


async def test_half_open_connections_hold_no_place_for_long(site: Site) -> None:
    mia = await site.user("mia", "viewer")
    held = [await asyncio.open_connection("127.0.0.1", site.port) for _ in range(200)]
    await until(lambda: 100 <= site.door.guard.strangers <= 150, "as many as may be")
    await still_answers_after(site, mia)
    for _, writer in held:
        writer.close()


async def still_answers_after(site: Site, client: Client) -> None:
    await until(lambda: site.door.guard.strangers == 0, "the login time-out")
    await still_answers(site, client)


def connection(site: Site, client: Client) -> contextlib.AbstractAsyncContextManager[asyncssh.SSHClientConnection]:
    return asyncssh.connect(
        "127.0.0.1", site.port, username="x", client_keys=[str(client.key)], known_hosts=None, config=[]
    )


async def test_one_that_says_it_is_new_and_then_nothing_has_to_go(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console.ssh.greeter, "NEWCOMER_LIMIT_S", 0.5)
    async with await client_of(site.hub) as admin:
        await admin.call("agent.enrol")
    await until(lambda: site.door.expects_newcomers, "the token")
    keys = [asyncssh.generate_private_key("ssh-ed25519")]
    async with asyncssh.connect(
        "127.0.0.1", site.port, username="enrol", client_keys=keys, known_hosts=None, config=[]
    ) as silent:
        await asyncio.wait_for(silent.wait_closed(), 60)
    await until(lambda: site.door.guard.visitors == 0, "its place to be free")


async def test_thousands_of_channels_get_ten(site: Site) -> None:
    mia = await site.user("mia", "viewer")
    async with connection(site, mia) as greedy:
        opened = refused = 0
        for _ in range(1000):
            try:
                await greedy.create_process("incident list --watch", encoding=None)
                opened += 1
            except asyncssh.Error:
                refused += 1
        assert (opened, refused) == (10, 990)

        async def is_told() -> bool:
            told = [text for _, reason, text in await site.audit() if reason == "ssh refused"]
            return told == ["127.0.0.1: mia: 10 channels are open"]

        await until(is_told, "one row of 990 refusals")
        await still_answers(site, mia)
    await until(lambda: site.door.guard.visitors == 0, "the end")


async def test_a_channel_that_never_reads_fills_nothing(site: Site) -> None:
    mia = await site.user("mia", "viewer")
    big = {f"k{n}": "x" * 2000 for n in range(5)}
    for n in range(10):
        await put(site.hub, *(ci(f"c-{n}-{m}", attributes=big) for m in range(100)))
    async with connection(site, mia) as lazy, traced_memory() as taken:
        for _ in range(9):
            channel, _ = await lazy.create_session(Deaf, "ci list --json", encoding=None)
            channel.pause_reading()
        await still_answers(site, mia)
        await until(lambda: taken() < 5 * TEN_MB, "no more to be kept for nine than half of what they asked")


async def test_one_that_asks_without_end_and_reads_no_answer_is_not_listened_to_until_it_does(site: Site) -> None:
    mia = await site.user("mia", "viewer")
    async with connection(site, mia) as deaf:
        await until(lambda: len(site.door.greeters) == 1, "the connection")
        there, here = transport_of(next(iter(site.door.greeters))), deaf._transport
        assert here is not None
        # Or the kernel takes megabytes of answers before it says that it is full.
        for transport, buffer in ((there, socket.SO_SNDBUF), (here, socket.SO_RCVBUF)):
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, buffer, 128 * 1024)
        here.pause_reading()
        while there.is_reading():
            for _ in range(100):
                deaf.send_packet(NO_SUCH_PACKET)  # which is answered
            await until(lambda: here.get_write_buffer_size() == 0 or not there.is_reading(), "its questions to go")
        assert there.get_write_buffer_size() < TEN_MB / 10
        await still_answers(site, mia)
        here.resume_reading()
        await until(there.is_reading, "it to be listened to again")
        assert (await deaf.run("ci list", check=True)).exit_status == 0


async def test_what_a_program_says_waits_for_one_that_lets_it_say_gigabytes_and_reads_nothing(site: Site) -> None:
    mia = await site.user("mia", "viewer")
    big = {f"k{n}": "x" * 2000 for n in range(5)}
    for n in range(20):
        await put(site.hub, *(ci(f"c-{n}-{m}", attributes=big) for m in range(100)))
    async with connection(site, mia) as deaf:
        await until(lambda: len(site.door.greeters) == 1, "the connection")
        there, here = transport_of(next(iter(site.door.greeters))), deaf._transport
        assert here is not None
        heard = Heard()
        await deaf.create_session(lambda: heard, "ci list --json", encoding=None, window=2**31)
        here.pause_reading()
        await until(lambda: not there.is_reading(), "the answer to wait")
        assert there.get_write_buffer_size() < TEN_MB / 10
        await still_answers(site, mia)
        here.resume_reading()
        await until(lambda: heard.whole, "the rest of the answer")
        assert heard.size_bytes > 2 * TEN_MB


def transport_of(greeter: object) -> asyncio.Transport:
    """The hub's end of a connection's socket."""
    assert isinstance(greeter, Greeter)
    assert greeter._connection is not None
    transport = greeter._connection._transport
    assert transport is not None
    return transport


class Heard(asyncssh.SSHClientSession[bytes]):
    """How much came, and whether that was all."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self.whole = False

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self.size_bytes += len(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.whole = exc is None


@contextlib.asynccontextmanager
async def traced_memory() -> AsyncIterator[Callable[[], int]]:
    """The bytes that Python has taken since: what the process holds is more, for it gives little back."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


class Deaf(asyncssh.SSHClientSession[bytes]):
    """Asks and never listens."""


async def test_a_flood_of_input_to_a_command_that_does_not_read_it_is_held_back(site: Site) -> None:
    mia = await site.user("mia", "viewer")
    async with connection(site, mia) as loud:
        process = await loud.create_process("incident list --watch", encoding=None)
        for _ in range(2000):
            process.stdin.write(bytes(32768))
        await asyncio.sleep(1)
        # What the client holds back is in this process too: only what the hub took may be small.
        assert all(len(one) < 1_000_000 for one in held_by_inlets())
        await still_answers(site, mia)


def held_by_inlets() -> list[bytearray]:
    return [one._buffer for one in gc.get_objects() if isinstance(one, Inlet)]


async def test_fifty_acknowledge_at_once_and_one_wins(tmp_path: Path) -> None:
    needs("ssh", "ssh-keygen")
    config = Config(ssh=SshSection(strangers_per_source=100))
    async with site_at(tmp_path, config=config) as site:
        people = [await site.user(f"user{n}", "on-call") for n in range(50)]
        one = Incident(id="7", number=7, title="t", priority=1, impact=1, urgency=1, key="k", opened_at=START)
        await site.hub.ledger.commit([Put(Kind.INCIDENT, one)], actor="test", reason="test")
        await until(lambda: site.hub.census.open_incidents == 1, "the incident")
        done = await asyncio.gather(*(person.run("incident ack 7") for person in people))
        winners = [n for n, said in enumerate(done) if said.status == 0]
        assert len(winners) == 1, [said.err for said in done][:3]
        losers = [said for said in done if said.status == 6]
        assert len(losers) == 49, sorted({(said.status, said.err) for said in done})
        assert all(f"user{winners[0]}" in said.err for said in losers)
        history = await site.hub.store.history(Kind.INCIDENT, "7")
        assert [row.after for row in history if row.attribute == "state"] == ["acknowledged"]
        written = [actor for actor, reason, text in await site.audit() if "incident 7" in text and actor != "test"]
        assert written == [f"user{winners[0]}"]


async def test_ssh_audit_finds_nothing_to_fail(site: Site) -> None:
    audit = shutil.which("ssh-audit", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert audit is not None
    process = await asyncio.create_subprocess_exec(
        audit, "-n", "--skip-rate-test", "-p", str(site.port), "127.0.0.1", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert b"(kex)" in out
    assert b"[fail]" not in out, out.decode()
