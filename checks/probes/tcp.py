"""Does something accept connections there; and, where asked, does it say what it should."""

from __future__ import annotations

from typing import Literal, Optional

from checks.finding import Finding, Trace, Unhealthy
from checks.probes import Params, Probe
from checks.probes.network import connection
from checks.probes.stream import ClearStream, Stream
from checks.probes.words import one_line
from checks.result import Metric

MAX_ANSWER_BYTES = 4096


class TcpParams(Params, frozen=True):
    """`send` is written first, then what comes is held against `expect` (text within it)."""

    host: str
    port: int
    family: Literal["any", "ipv4", "ipv6"] = "any"
    send: Optional[str] = None
    expect: Optional[str] = None


async def look(params: TcpParams, trace: Trace) -> Finding:
    with await connection(params.host, params.port, trace, params.family) as sock:
        if params.send is None and params.expect is None:
            said = ""
        else:
            said = await _converse(ClearStream(sock, trace), params, trace)
    connect_ms = trace.phases["connect"] * 1000
    return Finding(
        f"{trace.address} accepts connections ({connect_ms:.1f} ms){said}",
        metrics=(Metric("connect_ms", connect_ms, "ms", minimum=0.0),),
    )


async def _converse(stream: Stream, params: TcpParams, trace: Trace) -> str:
    if params.send is not None:
        trace.doing = "sending what the check is to send"
        await stream.send(params.send.encode())
    if params.expect is None:
        return ""
    answer = await _answer(stream, params.expect.encode(), trace)
    trace.mark("answer")
    return f' and says "{one_line(answer)}"'


async def _answer(stream: Stream, expected: bytes, trace: Trace) -> bytes:
    """What came until the expected text was in it; raises `Unhealthy` at the end or at too much."""
    answer = b""
    trace.doing = f"waiting for {one_line(expected)!r}: it accepted the connection and says nothing"
    while expected not in answer:
        more = await stream.receive()
        answer += more
        if not more or len(answer) > MAX_ANSWER_BYTES:
            how = "closed the connection" if not more else "goes on with something else"
            raise Unhealthy(
                f"{trace.address} {how} without saying {one_line(expected)!r}",
                expected=one_line(expected),
                actual=one_line(answer) or "nothing",
            )
        trace.doing = f"waiting for {one_line(expected)!r}: so far it said {one_line(answer)!r}"
    return answer


PROBE = Probe(TcpParams, look)
