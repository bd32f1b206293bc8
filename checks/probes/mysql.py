"""Does a MySQL or MariaDB server take connections; and, with the extra `mysql` and a query, what it answers.

Without a query nobody logs in: the server speaks first, and says its version or why it lets nobody in.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any, Literal, Optional

from checks.aside import aside
from checks.finding import Finding, Trace, Unhealthy
from checks.perfdata import printable
from checks.probes import Params, Probe
from checks.probes.network import connection
from checks.probes.secret import read_secret
from checks.probes.sql import driver, judge_row
from checks.probes.stream import ClearStream
from checks.result import Metric

_GREETING, _ERROR = 10, 255
_MAX_GREETING_BYTES = 4096


class MysqlParams(Params, frozen=True):
    """`query` needs `user`; `expect` is text in its first value, a number there becomes metric `value`."""

    host: str
    port: int = 3306
    family: Literal["any", "ipv4", "ipv6"] = "any"
    database: Optional[str] = None
    user: str = "watchdeck"
    password_file: Optional[str] = None
    query: Optional[str] = None
    expect: Optional[str] = None


async def look(params: MysqlParams, trace: Trace) -> Finding:
    if params.query is not None:
        return await _query(params, params.query, trace)
    with await connection(params.host, params.port, trace, params.family) as sock:
        trace.doing = "waiting for its greeting: it accepted the connection and says nothing"
        packet = await _packet(ClearStream(sock, trace), trace)
        trace.mark("answer")
    return judge_greeting(packet, trace)


async def _packet(stream: ClearStream, trace: Trace) -> bytes:
    """The first packet's body: three bytes of length and one of number go before it."""
    data = b""
    while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:3], "little"):
        more = await stream.receive()
        data += more
        if not more or len(data) > _MAX_GREETING_BYTES:
            said = repr(data[:40]) if data else "nothing"
            raise Unhealthy(f"{trace.address} does not greet as MySQL", expected="a greeting", actual=said)
    return data[4:]


def judge_greeting(packet: bytes, trace: Trace) -> Finding:
    """Protocol 10 and a version, or an error with its number; raises `Unhealthy`."""
    if packet[:1] == bytes([_ERROR]):
        code, said = int.from_bytes(packet[1:3], "little"), printable(packet[3:].decode("utf-8", "replace"))[:200]
        raise Unhealthy(f"{trace.address} lets nobody in: {said}", expected="a greeting", actual=f"error {code}")
    if packet[:1] != bytes([_GREETING]):
        raise Unhealthy(f"{trace.address} does not greet as MySQL", expected="protocol 10", actual=repr(packet[:40]))
    answer_ms = trace.phases["answer"] * 1000
    version = printable(packet[1:].split(b"\0")[0].decode("utf-8", "replace"))[:80]
    return Finding(
        f"{trace.address} accepts connections, version {version} ({answer_ms:.1f} ms)",
        metrics=(Metric("answer_ms", answer_ms, "ms", minimum=0.0),),
    )


async def _query(params: MysqlParams, query: str, trace: Trace) -> Finding:
    pymysql = driver("pymysql", "mysql")
    password = read_secret(params.password_file) if params.password_file is not None else ""
    session = pymysql.connect(
        host=params.host, user=params.user, password=password, database=params.database, defer_connect=True
    )
    sock = await connection(params.host, params.port, trace, params.family)
    trace.doing = "waiting for the query"

    def ask() -> Any:
        session.connect(sock)
        with session, session.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()

    try:
        with sock, _ended(sock):
            row = await aside(ask)
    except pymysql.Error as error:
        said = printable(" ".join(str(error).split()))[:300]
        raise Unhealthy(f"{trace.address}: {said}", expected="an answer to the query", actual=said) from error
    trace.mark("query")
    return judge_row(row, params.expect, trace)


@contextlib.contextmanager
def _ended(sock: socket.socket) -> Iterator[None]:
    """At the end nothing waits at this socket any more: a driver's thread is not left to a silent server."""
    sock.setblocking(True)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


PROBE = Probe(MysqlParams, look)
