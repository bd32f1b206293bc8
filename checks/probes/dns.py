"""Ask a name server one question and hold its answer against what is wanted. Not the system's resolver."""

from __future__ import annotations

import re
import secrets
import struct
from pathlib import Path
from typing import Literal, Optional

from checks.dns_message import CODES, Answer, BadMessage, parse_answer, question
from checks.finding import CouldNotLook, Finding, Trace, Unhealthy
from checks.perfdata import printable
from checks.probes import Params, Probe
from checks.probes.datagram import ask
from checks.probes.network import connection
from checks.probes.stream import ClearStream
from checks.result import Metric

RESOLV_CONF = Path("/etc/resolv.conf")


class DnsParams(Params, frozen=True):
    """Without `host` the system's first name server is asked. `expect` are values that must be among the answers."""

    name: str
    type: Literal["A", "AAAA", "NS", "CNAME", "SOA", "PTR", "MX", "TXT", "SRV", "CAA"] = "A"
    host: Optional[str] = None
    port: int = 53
    expect: tuple[str, ...] = ()
    authoritative: bool = False
    code: str = "no error"

    def __post_init__(self) -> None:
        if self.code not in CODES.values():
            raise ValueError(f"code is one of: {', '.join(CODES.values())}")


async def look(params: DnsParams, trace: Trace) -> Finding:
    server = params.host or _system_server()
    identifier = secrets.randbelow(1 << 16)
    try:
        asked = question(identifier, params.name, params.type)
    except ValueError as error:
        raise CouldNotLook(str(error), "bad_params") from error
    try:
        answer = parse_answer(await ask(server, params.port, asked, trace), identifier)
        if answer.truncated:
            answer = parse_answer(await _by_tcp(server, params.port, asked, trace), identifier)
    except BadMessage as error:
        raise Unhealthy(f"{trace.address}: {error}", expected="a DNS answer", actual=str(error)) from error
    return judge_answer(params, answer, trace)


def _system_server() -> str:
    try:
        found = re.search(r"^nameserver\s+(\S+)", RESOLV_CONF.read_text(), re.MULTILINE)
    except OSError as error:
        raise CouldNotLook(f"{RESOLV_CONF} cannot be read: {error.strerror}", "resolver") from error
    if found is None:
        raise CouldNotLook(f"{RESOLV_CONF} names no name server", "resolver")
    return found[1]


async def _by_tcp(server: str, port: int, asked: bytes, trace: Trace) -> bytes:
    """The same question where the answer was too long for UDP; two bytes of length go before each."""
    with await connection(server, port, trace) as sock:
        stream = ClearStream(sock, trace)
        await stream.send(struct.pack("!H", len(asked)) + asked)
        data = b""
        while len(data) < 2 or len(data) < 2 + struct.unpack_from("!H", data)[0]:
            more = await stream.receive()
            if not more:
                raise BadMessage("the connection ended within the answer")
            data += more
        return data[2:]


def judge_answer(params: DnsParams, answer: Answer, trace: Trace) -> Finding:
    """The answer against what is wanted; raises `Unhealthy`."""
    who, what = trace.address, f"{params.name} {params.type}"
    said = CODES.get(answer.code, f"code {answer.code}")
    if said != params.code:
        raise Unhealthy(f"{who}: {said} for {what}", expected=params.code, actual=said)
    values = [printable(value) for type_, value, _ in answer.records if type_ == params.type]
    found = ", ".join(values)[:200] or "nothing"
    if not values and params.code == "no error":
        raise Unhealthy(f"{who} has no {params.type} record for {params.name}", expected=what, actual=found)
    missing = [value for value in params.expect if value.rstrip(".").lower() not in {one.lower() for one in values}]
    if missing:
        raise Unhealthy(f"{who}: {what} lacks {', '.join(missing)}", expected=", ".join(params.expect), actual=found)
    if params.authoritative and not answer.authoritative:
        raise Unhealthy(f"{who} is not authoritative for {params.name}", expected="authoritative", actual="forwarded")
    answer_ms = trace.phases["answer"] * 1000
    return Finding(
        f"{who} says {what} is {found} ({answer_ms:.1f} ms)",
        metrics=(
            Metric("answer_ms", answer_ms, "ms", minimum=0.0),
            Metric("records", float(len(values)), minimum=0.0),
        ),
    )


PROBE = Probe(DnsParams, look)
