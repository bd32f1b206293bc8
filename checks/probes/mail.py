"""Does a mail server greet, and, where asked, does it start TLS with certificates within their dates."""

from __future__ import annotations

import functools
import re
from typing import Literal, NamedTuple, Optional

from checks.finding import Finding, Trace, Unhealthy
from checks.probes import Params, Probe
from checks.probes.network import connection
from checks.probes.stream import ClearStream, Stream
from checks.probes.tls import judge_chain, read_chain
from checks.probes.tls_stream import TlsStream, client_context
from checks.probes.words import one_line
from checks.result import Metric

MAX_ANSWER_BYTES = 16 * 1024


class Dialogue(NamedTuple):
    """What a protocol says: how a good greeting begins, then what to say and how the good answer ends, and farewell.

    An answer is whole at a line that matches `last`; it is good when that line matches the step's own pattern.
    """

    port: int
    tls_port: int
    greeting: bytes
    last: bytes
    starttls: tuple[tuple[bytes, bytes], ...]
    farewell: bytes


_SMTP = Dialogue(
    25, 465, rb"220[ -]", rb"\d{3} .*|\d{3}", ((b"EHLO watchdeck.invalid", rb"250"), (b"STARTTLS", rb"220")), b"QUIT"
)
_IMAP = Dialogue(
    143, 993, rb"\* (OK|PREAUTH)", rb"(\* (OK|BYE|PREAUTH)|a\d).*", ((b"a1 STARTTLS", rb"a1 OK"),), b"a2 LOGOUT"
)
_POP3 = Dialogue(110, 995, rb"\+OK", rb"(\+OK|-ERR).*", ((b"STLS", rb"\+OK"),), b"QUIT")


class MailParams(Params, frozen=True):
    """`tls`: from the first byte, or by STARTTLS. Without `verify` only dates are judged."""

    host: str
    port: Optional[int] = None
    family: Literal["any", "ipv4", "ipv6"] = "any"
    tls: Literal["none", "start", "always"] = "none"
    server_name: Optional[str] = None
    verify: bool = True
    ca_file: Optional[str] = None


async def look(dialogue: Dialogue, params: MailParams, trace: Trace) -> Finding:
    port = params.port or (dialogue.tls_port if params.tls == "always" else dialogue.port)
    with await connection(params.host, port, trace, params.family) as sock:
        stream: Stream = ClearStream(sock, trace)
        tls = TlsStream(sock, trace, client_context(params.verify, params.ca_file), params.server_name or params.host)
        if params.tls == "always":
            await tls.handshake()
            stream = tls
        trace.doing = "waiting for its greeting: it accepted the connection and says nothing"
        greeting = await _expect(stream, dialogue, dialogue.greeting, "a greeting", trace)
        trace.mark("greeting")
        if params.tls == "start":
            await _start_tls(stream, dialogue, trace)
            await tls.handshake()
            stream = tls
        secured = judge_chain(read_chain(tls, trace), trace) if stream is tls else None
        await stream.send(dialogue.farewell + b"\r\n")
    greeting_ms = 1000 * sum(trace.phases.values())
    metrics = (Metric("greeting_ms", greeting_ms, "ms", minimum=0.0),)
    said = f"{trace.address} greets: {one_line(greeting)}"
    if secured is None:
        return Finding(said, metrics=metrics)
    return Finding(f"{said}; {secured.output}", metrics=metrics + secured.metrics, detail=secured.detail)


async def _start_tls(stream: Stream, dialogue: Dialogue, trace: Trace) -> None:
    for said, good in dialogue.starttls:
        trace.doing = f"waiting for the answer to {said.decode()}"
        await stream.send(said + b"\r\n")
        await _expect(stream, dialogue, good, f"yes to {said.decode()}", trace)


async def _expect(stream: Stream, dialogue: Dialogue, good: bytes, wanted: str, trace: Trace) -> bytes:
    """The last line of the next answer; raises `Unhealthy` where it is not a good one."""
    data = b""
    while True:
        lines = data.split(b"\n")[:-1]
        last = next((line.rstrip() for line in lines if re.fullmatch(dialogue.last, line.rstrip())), None)
        if last is not None and re.match(good, last):
            return last
        more = b"" if last is not None else await stream.receive()
        data += more
        if not more or len(data) > MAX_ANSWER_BYTES:
            said = one_line(last or data) or "nothing"
            raise Unhealthy(f"{trace.address} does not say {wanted}, but: {said}", expected=wanted, actual=said)


SMTP = Probe(MailParams, functools.partial(look, _SMTP))
IMAP = Probe(MailParams, functools.partial(look, _IMAP))
POP3 = Probe(MailParams, functools.partial(look, _POP3))
