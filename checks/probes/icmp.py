"""Does a host answer echo requests, how fast, and how many of them.

Unprivileged where the system's `ping_group_range` allows it, else with a raw socket where the agent may have one.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import struct
import time
from statistics import fmean
from typing import Literal

from checks.finding import CouldNotLook, Finding, Trace, Unhealthy
from checks.probes import Params, Probe
from checks.probes.network import Target, resolve
from checks.readiness import readable
from checks.result import Metric

ECHO: dict[int, tuple[int, int, int]] = {
    socket.AF_INET: (8, 0, socket.IPPROTO_ICMP),
    socket.AF_INET6: (128, 129, socket.IPPROTO_ICMPV6),
}
_HEADER = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence
_sequences = itertools.count(1)


class IcmpParams(Params, frozen=True):
    """`spacing_s` lies between two requests; the last is waited for at most `wait_s`."""

    host: str
    family: Literal["any", "ipv4", "ipv6"] = "any"
    count: int = 3
    spacing_s: float = 0.2
    wait_s: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 100:
            raise ValueError("count is 1 to 100")


async def look(params: IcmpParams, trace: Trace) -> Finding:
    target = (await resolve(params.host, 0, trace, params.family))[0]
    trace.address = str(target.address[0])
    trace.doing = "waiting for echoes"
    with _socket(target) as sock:
        round_trips_ms = await _ping(params, sock, target)
    return judge_echoes(str(trace.address), round_trips_ms, params.count)


def _socket(target: Target) -> socket.socket:
    protocol = ECHO[target.family][2]
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        with contextlib.suppress(PermissionError):
            sock = socket.socket(target.family, kind, protocol)
            sock.setblocking(False)
            return sock
    raise CouldNotLook(
        "this agent may not send echo requests: let its group by sysctl net.ipv4.ping_group_range", "not_permitted"
    )


async def _ping(params: IcmpParams, sock: socket.socket, target: Target) -> list[float]:
    """Round trips in milliseconds, of those requests that were answered."""
    token = os.urandom(8)
    sent: dict[int, float] = {}
    answered: dict[int, float] = {}
    listening = asyncio.get_running_loop().create_task(_listen(sock, target, token, params.count, sent, answered))
    try:
        for number in range(params.count):
            if number:
                await asyncio.sleep(params.spacing_s)
            _send(sock, target, token, sent)
        await asyncio.wait({listening}, timeout=params.wait_s)
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
    return list(answered.values())


def _send(sock: socket.socket, target: Target, token: bytes, sent: dict[int, float]) -> None:
    sequence = next(_sequences) & 0xFFFF
    sent[sequence] = time.monotonic()
    try:
        sock.sendto(echo_request(ECHO[target.family][0], sequence, token), target.address)
    except OSError as error:
        raise Unhealthy(f"{target.address[0]} cannot be reached: {error.strerror}", actual=error.strerror) from error


async def _listen(
    sock: socket.socket, target: Target, token: bytes, count: int, sent: dict[int, float], answered: dict[int, float]
) -> None:
    """Until all are answered: a raw socket hears everyone's answers, so the token tells them apart."""
    while len(answered) < count:
        await readable(sock.fileno())
        try:
            packet = sock.recv(2048)
        except OSError:
            continue  # a router's word that a request cannot be delivered, or a damaged packet: no echo in any case
        sequence = echo_answer(packet, target.family, token)
        if sequence in sent and sequence not in answered:
            answered[sequence] = (time.monotonic() - sent[sequence]) * 1000


def echo_request(kind: int, sequence: int, token: bytes) -> bytes:
    """An ICMP echo request (RFC 792); the kernel fills in identifier and, for IPv6, checksum."""
    unsigned = _HEADER.pack(kind, 0, 0, 0, sequence) + token
    return _HEADER.pack(kind, 0, _checksum(unsigned), 0, sequence) + token


def echo_answer(packet: bytes, family: int, token: bytes) -> int:
    """The sequence number that this packet answers; -1 where it is none of ours."""
    kind = ECHO[family][1]
    # A raw IPv4 socket delivers the IP header too.
    start = (packet[0] & 0x0F) * 4 if packet and family == socket.AF_INET and packet[0] >> 4 == 4 else 0
    if len(packet) < start + _HEADER.size or packet[start + _HEADER.size :] != token:
        return -1
    got, sequence = packet[start], int.from_bytes(packet[start + 6 : start + 8], "big")
    return sequence if got == kind else -1


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def judge_echoes(address: str, round_trips_ms: list[float], count: int) -> Finding:
    """What so many answers to `count` requests say; none at all is bad, some lost is for thresholds to judge."""
    lost_percent = 100 * (count - len(round_trips_ms)) / count
    loss = Metric("loss_percent", round(lost_percent, 1), "%", minimum=0.0, maximum=100.0)
    if not round_trips_ms:
        raise Unhealthy(
            f"{address} answers none of {count} echo requests", expected="echoes", actual="silence", metrics=(loss,)
        )
    mean_ms = fmean(round_trips_ms)
    jitter_ms = max(round_trips_ms) - min(round_trips_ms)
    return Finding(
        f"{address} answers {len(round_trips_ms)} of {count} echo requests ({mean_ms:.1f} ms)",
        metrics=(
            Metric("round_trip_ms", round(mean_ms, 3), "ms", minimum=0.0),
            Metric("jitter_ms", round(jitter_ms, 3), "ms", minimum=0.0),
            loss,
        ),
    )


PROBE = Probe(IcmpParams, look)
