"""Does a Redis (or Valkey) server answer, and, where asked, what it says to one command."""

from __future__ import annotations

import re
from typing import Literal, Optional

from checks.finding import Finding, Trace, Unhealthy
from checks.perfdata import printable
from checks.probes import Params, Probe
from checks.probes.network import connection
from checks.probes.secret import read_secret
from checks.probes.stream import ClearStream, Stream
from checks.probes.tls_stream import TlsStream, client_context
from checks.result import Metric

MAX_ANSWER_BYTES = 1024 * 1024
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")


class RedisParams(Params, frozen=True):
    """`command` is asked after the ping and `expect` is text within its answer; a number becomes metric `value`."""

    host: str
    port: int = 6379
    family: Literal["any", "ipv4", "ipv6"] = "any"
    tls: bool = False
    verify: bool = True
    ca_file: Optional[str] = None
    user: Optional[str] = None
    password_file: Optional[str] = None
    command: tuple[str, ...] = ()
    expect: Optional[str] = None


async def look(params: RedisParams, trace: Trace) -> Finding:
    with await connection(params.host, params.port, trace, params.family) as sock:
        stream: Stream = ClearStream(sock, trace)
        if params.tls:
            stream = tls = TlsStream(sock, trace, client_context(params.verify, params.ca_file), params.host)
            await tls.handshake()
        if params.password_file is not None:
            login = [part for part in (params.user, read_secret(params.password_file)) if part is not None]
            _accept(await _ask(stream, ("AUTH", *login), trace), "the login", trace)
        pong = await _ask(stream, ("PING",), trace)
        trace.mark("answer")
        if not pong.startswith("-NOAUTH") or params.command:
            _accept(pong, "PING", trace)
        answer = await _ask(stream, params.command, trace) if params.command else None
    return _judged(params, pong, answer, trace)


def _judged(params: RedisParams, pong: str, answer: Optional[str], trace: Trace) -> Finding:
    answer_ms = trace.phases["answer"] * 1000
    metrics = [Metric("answer_ms", answer_ms, "ms", minimum=0.0)]
    said = "wants a login, so it is there" if pong.startswith("-NOAUTH") else "answers PING"
    if answer is not None:
        _accept(answer, params.command[0], trace)
        value = answer[1:].strip()
        if params.expect is not None and params.expect not in value:
            raise Unhealthy(
                f"{trace.address} answers {params.command[0]} without {params.expect!r}",
                expected=params.expect,
                actual=printable(value)[:200],
            )
        if answer.startswith(":") and _INTEGER.fullmatch(value):
            metrics.append(Metric("value", float(int(value))))
        said = f"answers {params.command[0]}: {printable(value)[:100]}"
    return Finding(f"{trace.address} {said} ({answer_ms:.1f} ms)", metrics=tuple(metrics))


def _accept(answer: str, what: str, trace: Trace) -> None:
    if answer.startswith("-"):
        said = printable(answer[1:].strip())[:200]
        raise Unhealthy(f"{trace.address} refuses {what}: {said}", expected="an answer", actual=said)


async def _ask(stream: Stream, command: tuple[str, ...], trace: Trace) -> str:
    """One command and its answer in RESP: its first letter says what it is; only flat answers are read."""
    parts = [part.encode() for part in command]
    await stream.send(b"".join((b"*%d\r\n" % len(parts), *(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))))
    trace.doing = f"waiting for its answer to {command[0]}"
    data = b""
    while not _whole(data):
        more = await stream.receive()
        if not more or len(data) > MAX_ANSWER_BYTES:
            raise Unhealthy(f"{trace.address} ends without an answer to {command[0]}", expected="an answer")
        data += more
        if data[:1] not in b"+-:$_#":
            raise Unhealthy(f"{trace.address} does not speak Redis", expected="RESP", actual=repr(data[:40]))
    kind, first, rest = data[:1], data[1:].partition(b"\r\n")[0], data.partition(b"\r\n")[2]
    return (kind + (rest if kind == b"$" else first)).decode("utf-8", "replace")


def _whole(data: bytes) -> bool:
    first, end, rest = data.partition(b"\r\n")
    if not end or data[:1] != b"$":
        return bool(end)
    length = int(first[1:]) if first[1:].lstrip(b"-").isdigit() else -1
    return len(rest) >= length + 2 or length < 0


PROBE = Probe(RedisParams, look)
