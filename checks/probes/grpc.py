"""What a gRPC server says of its own health (grpc.health.v1), over HTTP/2 by the extra `grpc` (h2).

One connection, one call. Not a client for anything else: its two messages are written and read by hand.
"""

from __future__ import annotations

import struct
from typing import Any, Literal, Optional

from checks.finding import CouldNotLook, Finding, Trace, Unhealthy
from checks.perfdata import printable
from checks.probes import Params, Probe
from checks.probes.network import connection
from checks.probes.stream import ClearStream, Stream
from checks.probes.tls_stream import TlsStream, client_context
from checks.result import Metric

PATH = "/grpc.health.v1.Health/Check"
SERVING = 1
STATUS_WORDS = ("unknown", "serving", "not serving", "service unknown")
MAX_ANSWER_BYTES = 64 * 1024
_NOT_FOUND, _UNIMPLEMENTED = "5", "12"


class GrpcParams(Params, frozen=True):
    """`service` is whose health is asked for; empty: the whole server's."""

    host: str
    port: int
    service: str = ""
    family: Literal["any", "ipv4", "ipv6"] = "any"
    tls: bool = False
    verify: bool = True
    ca_file: Optional[str] = None
    server_name: Optional[str] = None


class Answer:
    """What the server sent, as far as it came."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.content = b""
        self.spoke = self.ended = False


async def look(params: GrpcParams, trace: Trace) -> Finding:
    h2 = _library()
    with await connection(params.host, params.port, trace, params.family) as sock:
        stream: Stream = ClearStream(sock, trace)
        if params.tls:
            context = client_context(params.verify, params.ca_file, ("h2",))
            stream = tls = TlsStream(sock, trace, context, params.server_name or params.host)
            await tls.handshake()
        try:
            answer = await _ask(h2, params, stream, trace)
        except h2.exceptions.ProtocolError as error:
            said = printable(str(error))[:200]
            raise Unhealthy(f"{trace.address} does not speak HTTP/2", expected="HTTP/2", actual=said) from error
        trace.mark("answer")
    return judge_answer(params.service, answer, trace)


def _library() -> Any:
    try:
        # Only those who have such checks have it.
        import h2.connection  # noqa: PLC0415
        import h2.events  # noqa: PLC0415
        import h2.exceptions  # noqa: PLC0415
    except ImportError as error:
        raise CouldNotLook("grpc checks need the library h2: install watchdeck[grpc]", "unsupported") from error
    return h2


async def _ask(h2: Any, params: GrpcParams, stream: Stream, trace: Trace) -> Answer:
    talk = h2.connection.H2Connection()
    talk.initiate_connection()
    number = talk.get_next_available_stream_id()
    talk.send_headers(number, _request_headers(params))
    talk.send_data(number, request(params.service), end_stream=True)
    await stream.send(talk.data_to_send())
    trace.doing = "waiting for its health: it accepted the connection and says nothing"
    answer, began = Answer(), b""
    while not answer.ended:
        data = await stream.receive()
        if not data or len(answer.content) > MAX_ANSWER_BYTES:
            raise _unanswered(answer, began, data, trace)
        began = began or data[:40]
        for event in talk.receive_data(data):
            _take(h2.events, event, answer, trace)
        await stream.send(talk.data_to_send())
    return answer


def _unanswered(answer: Answer, began: bytes, data: bytes, trace: Trace) -> Unhealthy:
    if began and not answer.spoke:
        return Unhealthy(f"{trace.address} does not speak HTTP/2", expected="HTTP/2", actual=repr(began))
    how = "sends too much instead of" if data else "ends the connection without"
    return Unhealthy(f"{trace.address} {how} an answer", expected="its health")


def _request_headers(params: GrpcParams) -> list[tuple[str, str]]:
    host = f"[{params.host}]" if ":" in params.host else params.host
    return [
        (":method", "POST"),
        (":scheme", "https" if params.tls else "http"),
        (":path", PATH),
        (":authority", f"{params.server_name or host}:{params.port}"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("user-agent", "Watchdeck"),
    ]


def _take(events: Any, event: Any, answer: Answer, trace: Trace) -> None:
    answer.spoke = True
    if isinstance(event, (events.ResponseReceived, events.TrailersReceived)):
        answer.headers.update({_text(name): _text(value) for name, value in event.headers})
    elif isinstance(event, events.DataReceived):
        answer.content += event.data
    elif isinstance(event, events.StreamEnded):
        answer.ended = True
    elif isinstance(event, (events.StreamReset, events.ConnectionTerminated)):
        code = int(event.error_code)
        raise Unhealthy(f"{trace.address} breaks off the call", expected="its health", actual=f"HTTP/2 error {code}")


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def request(service: str) -> bytes:
    """A `HealthCheckRequest` in its gRPC frame."""
    name = service.encode()
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    return struct.pack("!BI", 0, len(message)) + message


def _varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def health_in(content: bytes) -> int:
    """The status in a `HealthCheckResponse` in its gRPC frame; an empty one says unknown (0). Raises `ValueError`."""
    if len(content) < 5 or content[0] != 0:
        raise ValueError("no gRPC message")
    message = content[5 : 5 + struct.unpack_from("!I", content, 1)[0]]
    if not message:
        return 0
    if len(message) != 2 or message[0] != 0x08 or message[1] >= len(STATUS_WORDS):
        raise ValueError("no HealthCheckResponse")
    return message[1]


def judge_answer(service: str, answer: Answer, trace: Trace) -> Finding:
    """Serving is well; everything else raises `Unhealthy`, or `CouldNotLook` where it knows nothing of health."""
    whose = f"{trace.address} {service}".strip()
    http, status = answer.headers.get(":status", ""), answer.headers.get("grpc-status", "")
    said = printable(answer.headers.get("grpc-message", ""))[:200]
    if http != "200":
        raise Unhealthy(f"{whose} does not speak gRPC", expected="HTTP status 200", actual=http or "none")
    if status == _UNIMPLEMENTED:
        raise CouldNotLook(f"{whose} does not offer grpc.health.v1: {said}", "unsupported")
    if status == _NOT_FOUND:
        raise Unhealthy(f"{whose} is not known there", expected="serving", actual="service unknown")
    if status != "0":
        raise Unhealthy(f"{whose} refuses to say its health: {said}", expected="gRPC status 0", actual=status or "none")
    try:
        health = health_in(answer.content)
    except ValueError as error:
        raise Unhealthy(
            f"{whose} answers with {error}", expected="its health", actual=repr(answer.content[:40])
        ) from error
    if health != SERVING:
        raise Unhealthy(f"{whose} is {STATUS_WORDS[health]}", expected="serving", actual=STATUS_WORDS[health])
    answer_ms = trace.phases["answer"] * 1000
    metrics = (Metric("answer_ms", answer_ms, "ms", minimum=0.0),)
    return Finding(f"{whose} is serving ({answer_ms:.1f} ms)", metrics=metrics)


PROBE = Probe(GrpcParams, look)
