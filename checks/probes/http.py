"""Ask a web server once and hold its answer against what is wanted: status, headers, body, redirects.

A new connection each time, HTTP/1.1. Reading stops as soon as everything asked about is known.
"""

from __future__ import annotations

import base64
import functools
import re
from typing import Any, Literal, NamedTuple, Optional
from urllib.parse import urljoin, urlsplit

from checks.finding import CouldNotLook, Finding, Trace, Unhealthy
from checks.http_message import Body, Head, NotHttp, split_head
from checks.perfdata import printable
from checks.probes import Params, Probe
from checks.probes.json_body import judge_json
from checks.probes.network import connection
from checks.probes.secret import read_secret
from checks.probes.stream import ClearStream, Stream
from checks.probes.tls_stream import TlsStream, client_context
from checks.result import Metric

REDIRECTS = {301, 302, 303, 307, 308}
_STATUSES = re.compile(r"\d{3}(?:-\d{3})?(?:,\d{3}(?:-\d{3})?)*")


class HttpParams(Params, frozen=True):
    """`status` is a list of codes and spans; `host` connects there instead of to the URL's own.

    `headers` are sent; `header_contains`, `body_contains`, `body_lacks` and `body_matches` (a regular expression)
    are wanted; so are the values of `json`, by JMESPath. `values` names metrics, each a JMESPath to a number.
    Secrets are read from `password_file` or `token_file` at each run, never given here.
    """

    url: str
    method: Literal["GET", "HEAD", "POST", "OPTIONS"] = "GET"
    status: str = "200-399"
    host: Optional[str] = None
    family: Literal["any", "ipv4", "ipv6"] = "any"
    headers: dict[str, str] = {}
    body: str = ""
    header_contains: dict[str, str] = {}
    body_contains: Optional[str] = None
    body_lacks: Optional[str] = None
    body_matches: Optional[str] = None
    json: dict[str, Any] = {}
    values: dict[str, str] = {}
    max_redirects: int = 0
    max_body_bytes: int = 1024 * 1024
    verify: bool = True
    ca_file: Optional[str] = None
    server_name: Optional[str] = None
    user: Optional[str] = None
    password_file: Optional[str] = None
    token_file: Optional[str] = None

    def __post_init__(self) -> None:
        if not _STATUSES.fullmatch(self.status):
            raise ValueError(f"status {self.status!r} is no list of codes: wanted 200 or 200-299,404")
        if self.body_matches is not None:
            re.compile(self.body_matches)
        place(self.url)

    @property
    def wants_body(self) -> bool:
        wanted = (self.body_contains, self.body_lacks, self.body_matches, self.json or None, self.values or None)
        return any(one is not None for one in wanted)


class Place(NamedTuple):
    """Where a URL leads: whom to connect to, whom to ask for, and for what."""

    scheme: str
    host: str
    port: int
    authority: str
    path: str


@functools.lru_cache(maxsize=4096)
def place(url: str) -> Place:
    """The place of this URL; raises `ValueError`."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url[:200]!r} is no http or https URL")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme, parts.hostname, port, parts.netloc.rpartition("@")[2], path)


class Answer(NamedTuple):
    """What the server sent; `body` is None where nothing was asked about it."""

    url: str
    head: Head
    body: Optional[Body]


async def look(params: HttpParams, trace: Trace) -> Finding:
    answer = await _follow(params, trace)
    _assert_status(params, answer)
    _assert_headers(params, answer)
    if answer.body is not None:
        _assert_body(params, answer.body, answer.url)
    first_byte_ms = 1000 * sum(trace.phases.values())
    said = f"{answer.head.status} {printable(answer.head.reason)}".strip()[:80]
    metrics = [
        Metric("response_ms", first_byte_ms, "ms", minimum=0.0),
        Metric("status", float(answer.head.status)),
    ]
    if answer.body is not None:
        metrics.append(Metric("body_bytes", float(len(answer.body.content)), "B", minimum=0.0))
        metrics.extend(judge_json(answer.url, bytes(answer.body.content), params.json, params.values))
    return Finding(f"{answer.url} answers {said} ({first_byte_ms:.1f} ms)", metrics=tuple(metrics))


async def _follow(params: HttpParams, trace: Trace) -> Answer:
    """The answer at the end of the redirects that may be followed."""
    url, seen = params.url, [params.url]
    while True:
        answer = await _ask(params, url, trace)
        location = answer.head.header("location")
        if params.max_redirects == 0 or answer.head.status not in REDIRECTS or location is None:
            return answer
        url = urljoin(url, location)
        if url in seen or len(seen) > params.max_redirects:
            why = "redirects in a circle" if url in seen else f"redirects more than {params.max_redirects} times"
            raise Unhealthy(
                f"{params.url} {why}",
                expected=f"an answer within {params.max_redirects} redirects",
                actual=" → ".join(printable(step)[:200] for step in (*seen, url)),
            )
        seen.append(url)


async def _ask(params: HttpParams, url: str, trace: Trace) -> Answer:
    try:
        there = place(url)
    except ValueError as error:
        raise Unhealthy(f"{params.url} redirects to what is no web address: {printable(url)[:200]}") from error
    own = place(params.url)
    host = (params.host if there is own else None) or there.host
    with await connection(host, there.port, trace, params.family) as sock:
        stream: Stream = ClearStream(sock, trace)
        if there.scheme == "https":
            name = (params.server_name if there is own else None) or there.host
            stream = tls = TlsStream(sock, trace, client_context(params.verify, params.ca_file), name)
            await tls.handshake()
        trace.doing = "sending the request"
        await stream.send(_request(params, there, with_secrets=there[:3] == own[:3]))
        try:
            return await _read(params, url, stream, trace)
        except NotHttp as error:
            raise Unhealthy(f"{url}: {error}", expected="an HTTP answer", actual=str(error)) from error


async def _read(params: HttpParams, url: str, stream: Stream, trace: Trace) -> Answer:
    head, rest = await _read_head(stream, trace)
    if not params.wants_body or params.method == "HEAD" or (params.max_redirects and head.status in REDIRECTS):
        return Answer(url, head, None)
    body = Body(head, params.max_body_bytes)
    if rest:
        body.feed(rest)
    while not body.whole:
        trace.doing = f"reading the body of the answer: {len(body.content)} bytes so far"
        body.feed(await stream.receive())
    trace.mark("body")
    return Answer(url, head, body)


async def _read_head(stream: Stream, trace: Trace) -> tuple[Head, bytes]:
    """The final head: interim ones (100, 103) are passed over."""
    trace.doing = "waiting for an answer: it accepted the connection and says nothing"
    data = await stream.receive()
    trace.mark("first_byte")
    while True:
        split = split_head(data)
        if split is None:
            trace.doing = f"reading the head of the answer: {len(data)} bytes so far"
            more = await stream.receive()
            if not more:
                raise NotHttp(f"the connection ended {'within the head' if data else 'without an answer'}")
            data += more
        elif split[0].status < 200:
            data = split[1]
        else:
            return split


def _request(params: HttpParams, there: Place, *, with_secrets: bool) -> bytes:
    added = {**_authorization(params), **params.headers} if with_secrets else {}
    body = params.body.encode()
    if body:
        added["Content-Length"] = str(len(body))
    return _request_head(params.method, there.authority, there.path, params.wants_body, tuple(added.items())) + body


@functools.lru_cache(maxsize=4096)
def _request_head(method: str, authority: str, path: str, gzip: bool, added: tuple[tuple[str, str], ...]) -> bytes:
    headers = {"Host": authority, "User-Agent": "Watchdeck", "Accept": "*/*", "Connection": "close"}
    if gzip:
        headers["Accept-Encoding"] = "gzip"
    headers.update(added)
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise CouldNotLook("a header or the URL holds a line end", "bad_params")
    return "\r\n".join((*lines, "", "")).encode("latin-1", "replace")


def _authorization(params: HttpParams) -> dict[str, str]:
    if params.token_file is not None:
        return {"Authorization": f"Bearer {read_secret(params.token_file)}"}
    if params.user is not None and params.password_file is not None:
        pair = f"{params.user}:{read_secret(params.password_file)}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}


@functools.lru_cache(maxsize=256)
def spans(text: str) -> tuple[tuple[int, int], ...]:
    """`200-299,404` as ((200, 299), (404, 404))."""
    pairs = [part.partition("-") for part in text.split(",")]
    return tuple((int(low), int(high or low)) for low, _, high in pairs)


def _assert_status(params: HttpParams, answer: Answer) -> None:
    status = answer.head.status
    if any(low <= status <= high for low, high in spans(params.status)):
        return
    said = f"{status} {printable(answer.head.reason)}".strip()[:80]
    raise Unhealthy(f"{answer.url} answers {said}", expected=f"status {params.status}", actual=str(status))


def _assert_headers(params: HttpParams, answer: Answer) -> None:
    for name, wanted in params.header_contains.items():
        value = answer.head.header(name)
        if value is None or wanted not in value:
            actual = "no such header" if value is None else printable(value)[:200]
            raise Unhealthy(
                f"{answer.url}: its header {name} does not hold {wanted!r}",
                expected=f"{name} with {wanted!r}",
                actual=actual,
            )


def _assert_body(params: HttpParams, body: Body, url: str) -> None:
    text = body.content.decode("utf-8", "replace")
    within = f" within its first {params.max_body_bytes} bytes" if body.cut else ""
    start = printable(text[:200])
    if params.body_contains is not None and params.body_contains not in text:
        raise Unhealthy(
            f"{url}: its body does not hold {params.body_contains!r}{within}",
            expected=f"body with {params.body_contains!r}",
            actual=start,
        )
    if params.body_lacks is not None and params.body_lacks in text:
        raise Unhealthy(
            f"{url}: its body holds {params.body_lacks!r}", expected=f"body without {params.body_lacks!r}", actual=start
        )
    if params.body_matches is not None and not re.search(params.body_matches, text):
        raise Unhealthy(
            f"{url}: its body does not match {params.body_matches!r}{within}",
            expected=f"body matching {params.body_matches!r}",
            actual=start,
        )


PROBE = Probe(HttpParams, look)
