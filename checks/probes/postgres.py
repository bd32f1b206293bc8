"""Does a PostgreSQL server take connections; and, with the extra `postgres` and a query, what it answers.

Without a query nobody logs in: the server's first word to a start-up message tells whether it would let people in.
"""

from __future__ import annotations

import asyncio
import struct
import traceback
from typing import Literal, Optional

from checks.finding import Finding, Trace, Unhealthy
from checks.perfdata import printable
from checks.probes import Params, Probe
from checks.probes.network import connection
from checks.probes.secret import read_secret
from checks.probes.sql import driver, judge_row
from checks.probes.stream import ClearStream
from checks.result import Metric

_PROTOCOL_3 = 196608
_MAX_ANSWER_BYTES = 16 * 1024
# SQLSTATEs of a server that lets nobody in; any other refusal is about who we are, not how it is.
_NOT_NOW = {"57P03": "starting up or shutting down", "53300": "out of connections", "57P01": "shutting down"}


class PostgresParams(Params, frozen=True):
    """`query` needs `user`; `expect` is text in its first value, a number there becomes metric `value`."""

    host: str
    port: int = 5432
    family: Literal["any", "ipv4", "ipv6"] = "any"
    database: str = "postgres"
    user: str = "watchdeck"
    password_file: Optional[str] = None
    tls: Literal["disable", "prefer", "require", "verify-full"] = "prefer"
    query: Optional[str] = None
    expect: Optional[str] = None


async def look(params: PostgresParams, trace: Trace) -> Finding:
    if params.query is not None:
        return await _query(params, params.query, trace)
    with await connection(params.host, params.port, trace, params.family) as sock:
        stream = ClearStream(sock, trace)
        await stream.send(startup_message(params.user, params.database))
        trace.doing = "waiting for its answer to a start-up message"
        answer = await _message(stream, trace)
        trace.mark("answer")
    return judge_first_word(answer, trace)


def startup_message(user: str, database: str) -> bytes:
    """Protocol 3.0's first message."""
    body = b"".join(part.encode() + b"\0" for part in ("user", user, "database", database)) + b"\0"
    return struct.pack("!II", 8 + len(body), _PROTOCOL_3) + body


async def _message(stream: ClearStream, trace: Trace) -> bytes:
    """The first message whole: a letter, a length that counts itself, a body."""
    data = b""
    while len(data) < 5 or len(data) < 1 + struct.unpack_from("!I", data, 1)[0]:
        more = await stream.receive()
        data += more
        if not more or len(data) > _MAX_ANSWER_BYTES or data[:1] not in b"RE":
            said = repr(data[:40]) if data else "nothing"
            raise Unhealthy(f"{trace.address} does not speak PostgreSQL", expected="its first message", actual=said)
    return data


def judge_first_word(message: bytes, trace: Trace) -> Finding:
    """An authentication request or a refusal of us: it is well. A refusal of everybody raises `Unhealthy`."""
    answer_ms = trace.phases["answer"] * 1000
    metrics = (Metric("answer_ms", answer_ms, "ms", minimum=0.0),)
    if message[:1] == b"E":
        fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in message[5:].split(b"\0") if part}
        code, said = fields.get(b"C", ""), printable(fields.get(b"M", ""))[:200]
        if code in _NOT_NOW:
            words = f"{trace.address} is {_NOT_NOW[code]}: {said}"
            raise Unhealthy(words, expected="accepting connections", actual=f"SQLSTATE {code}", metrics=metrics)
    return Finding(f"{trace.address} accepts connections ({answer_ms:.1f} ms)", metrics=metrics)


async def _query(params: PostgresParams, query: str, trace: Trace) -> Finding:
    psycopg = driver("psycopg", "postgres")
    password = read_secret(params.password_file) if params.password_file is not None else None
    trace.address, trace.doing = f"{params.host}:{params.port}", "waiting for the query"
    try:
        session = await psycopg.AsyncConnection.connect(
            host=params.host, port=params.port, dbname=params.database, user=params.user, password=password,
            sslmode=params.tls, autocommit=True,
        )  # fmt: skip
        trace.mark("connect")
        async with session:
            cursor = await session.execute(query)
            row = await cursor.fetchone()
    except asyncio.CancelledError as cancelled:
        traceback.clear_frames(cancelled.__traceback__)  # else its socket is the garbage collector's to close
        raise
    except psycopg.Error as error:
        said = printable(" ".join(str(error).split()))[:300]
        raise Unhealthy(f"{trace.address}: {said}", expected="an answer to the query", actual=said) from error
    trace.mark("query")
    return judge_row(row, params.expect, trace)


PROBE = Probe(PostgresParams, look)
