"""How far this host's clock is from a time server's, and whether that server knows the time itself."""

from __future__ import annotations

import secrets
import struct
import time
from typing import Literal

from checks.finding import Finding, Trace, Unhealthy
from checks.probes import Params, Probe
from checks.probes.datagram import ask
from checks.result import Metric

_PACKET = struct.Struct("!BBbb11I")  # RFC 5905, figure 8
_FROM_1900_TO_1970_S = 2208988800
_CLIENT = 0x23  # no leap warning, version 4, mode 3
_SERVER_MODE = 4
_UNSYNCHRONISED = 3


class NtpParams(Params, frozen=True):
    """Thresholds go on `offset_ms`, which has no sign: how far off, whichever way."""

    host: str
    port: int = 123
    family: Literal["any", "ipv4", "ipv6"] = "any"


async def look(params: NtpParams, trace: Trace) -> Finding:
    # A random transmit time is what the server gives back: it proves that the answer is to this question.
    token = secrets.randbits(64)
    question = _PACKET.pack(_CLIENT, 0, 0, 0, *([0] * 9), token >> 32, token & 0xFFFFFFFF)
    sent_s = time.time()
    answer = await ask(params.host, params.port, question, trace, params.family)
    return judge_packet(str(trace.address), answer, token, sent_s, time.time())


def judge_packet(who: str, packet: bytes, token: int, sent_s: float, received_s: float) -> Finding:
    """What the server's packet says about our clock, by the four times of RFC 5905, 8; raises `Unhealthy`."""
    if len(packet) < _PACKET.size:
        raise Unhealthy(f"{who} does not answer as a time server", expected="48 bytes", actual=f"{len(packet)} bytes")
    first, stratum, _, _, *words = _PACKET.unpack_from(packet)
    if first & 7 != _SERVER_MODE or words[5] << 32 | words[6] != token:
        raise Unhealthy(f"{who} answers another question than ours", expected="an answer to us", actual="another")
    if stratum == 0:
        code = struct.pack("!I", words[2]).decode("ascii", "replace")
        raise Unhealthy(f"{who} turns us away ({code})", expected="the time", actual=f"kiss-o'-death {code}")
    if first >> 6 == _UNSYNCHRONISED or stratum > 15:
        raise Unhealthy(f"{who} does not know the time itself", expected="synchronised", actual=f"stratum {stratum}")
    server_received_s, server_sent_s = _seconds(words[7], words[8]), _seconds(words[9], words[10])
    offset_ms = 500 * ((server_received_s - sent_s) + (server_sent_s - received_s))
    return Finding(
        f"this host's clock is {abs(offset_ms):.1f} ms {'behind' if offset_ms > 0 else 'ahead of'} {who}",
        metrics=(
            Metric("offset_ms", round(abs(offset_ms), 3), "ms", minimum=0.0),
            Metric("stratum", float(stratum), minimum=1.0, maximum=15.0),
        ),
    )


def _seconds(whole: int, fraction: int) -> float:
    return whole - _FROM_1900_TO_1970_S + fraction / 2**32


PROBE = Probe(NtpParams, look)
