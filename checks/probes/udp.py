"""Does a UDP port answer; or, where nothing is expected of it, does the host at least not refuse.

A UDP service may rightly be silent: without `expect`, silence for `wait_s` is well, and the output says so.
"""

from __future__ import annotations

from typing import Literal, Optional

from checks.deadline import Deadline, Expired
from checks.finding import Finding, Trace, Unhealthy
from checks.probes import Params, Probe
from checks.probes.datagram import ask
from checks.probes.words import one_line
from checks.result import Metric


class UdpParams(Params, frozen=True):
    """`send` is text, `send_hex` bytes; `expect` is text within the answer."""

    host: str
    port: int
    family: Literal["any", "ipv4", "ipv6"] = "any"
    send: str = ""
    send_hex: str = ""
    expect: Optional[str] = None
    wait_s: float = 1.0

    @property
    def question(self) -> bytes:
        return bytes.fromhex(self.send_hex) or self.send.encode()

    def __post_init__(self) -> None:
        bytes.fromhex(self.send_hex)


async def look(params: UdpParams, trace: Trace) -> Finding:
    if params.expect is None:
        return await _not_refused(params, trace)
    answer = await ask(params.host, params.port, params.question, trace, params.family)
    if params.expect.encode() not in answer:
        raise Unhealthy(
            f"{trace.address} answers without {params.expect!r}", expected=params.expect, actual=one_line(answer)
        )
    answer_ms = trace.phases["answer"] * 1000
    return Finding(
        f"{trace.address} answers ({answer_ms:.1f} ms)", metrics=(Metric("answer_ms", answer_ms, "ms", minimum=0.0),)
    )


async def _not_refused(params: UdpParams, trace: Trace) -> Finding:
    try:
        with Deadline(params.wait_s):
            await ask(params.host, params.port, params.question, trace, params.family)
    except Expired:
        return Finding(f"{trace.address} does not refuse, and is silent for {params.wait_s:g} s")
    return Finding(f"{trace.address} answers")


PROBE = Probe(UdpParams, look)
