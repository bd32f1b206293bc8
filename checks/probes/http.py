"""Ask a web server once and hold its answer against what is wanted: status, headers, body, redirects.

A new connection each time, HTTP/1.1; with `keep_alive` asked twice over it, and the second answer is what counts.
Reading stops as soon as everything asked about is known.
"""

from __future__ import annotations

import base64
import functools
from urllib.parse import urljoin

from checks.finding import CouldNotLook, Finding, Trace, Unhealthy
from checks.http_message import Body, Head, NotHttp, split_head
from checks.perfdata import printable
from checks.probes import Probe
from checks.probes.http_answer import Answer, judge_answer
from checks.probes.http_params import HttpParams, Place, place
from checks.probes.network import connection
from checks.probes.secret import read_secret
from checks.probes.stream import ClearStream, Stream

REDIRECTS = {301, 302, 303, 307, 308}


async def look(params: HttpParams, trace: Trace) -> Finding:
    answer = await _ask(params, params.url, trace)
    if _is_redirect(params, answer.head):
        answer = await _follow(params, answer, trace)
    kept_ms = 1000 * trace.phases["kept"] if "kept" in trace.phases else None
    first_ms = 1000 * sum(trace.phases.values()) - (kept_ms or 0.0)
    return judge_answer(params, answer, first_ms, kept_ms)


def _is_redirect(params: HttpParams, head: Head) -> bool:
    return params.max_redirects > 0 and head.status in REDIRECTS


async def _follow(params: HttpParams, answer: Answer, trace: Trace) -> Answer:
    """The answer at the end of the redirects that may be followed."""
    url, seen = params.url, [params.url]
    while _is_redirect(params, answer.head):
        location = answer.head.header("location")
        if location is None:
            break
        url = urljoin(url, location)
        if url in seen or len(seen) > params.max_redirects:
            why = "redirects in a circle" if url in seen else f"redirects more than {params.max_redirects} times"
            raise Unhealthy(
                f"{params.url} {why}",
                expected=f"an answer within {params.max_redirects} redirects",
                actual=" → ".join(printable(step)[:200] for step in (*seen, url)),
            )
        seen.append(url)
        answer = await _ask(params, url, trace)
    return answer


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
            from checks.probes.tls_stream import TlsStream, client_context  # noqa: PLC0415 - 3 MB that many never need

            name = (params.server_name if there is own else None) or there.host
            stream = tls = TlsStream(sock, trace, client_context(params.verify, params.ca_file), name)
            await tls.handshake()
        trace.doing = "sending the request"
        own_secrets = there[:3] == own[:3]
        try:
            if params.keep_alive:
                await stream.send(_request(params, there, with_secrets=own_secrets, last=False))
                answer = await _read(params, url, stream, trace)
                if _is_redirect(params, answer.head):
                    return answer
                _assert_kept(answer)
                trace.doing = "sending the request again over the connection that is to be kept"
            await stream.send(_request(params, there, with_secrets=own_secrets))
            return await _read(params, url, stream, trace, "kept" if params.keep_alive else "first_byte")
        except NotHttp as error:
            raise Unhealthy(f"{url}: {error}", expected="an HTTP answer", actual=str(error)) from error


def _assert_kept(answer: Answer) -> None:
    """The server may go on with this connection: its answer is whole, and it did not say that it closes."""
    said = (answer.head.header("connection") or "").lower()
    if said == "close" or (answer.body is not None and answer.body.cut):
        why = "closes the connection after its answer" if said == "close" else "sends too much to ask again behind it"
        raise Unhealthy(f"{answer.url} {why}", expected="a connection that is kept", actual=said or "a longer answer")


async def _read(params: HttpParams, url: str, stream: Stream, trace: Trace, phase: str = "first_byte") -> Answer:
    head, rest = await _read_head(stream, trace, phase)
    whole = params.wants_body or params.keep_alive
    if not whole or params.method == "HEAD" or _is_redirect(params, head):
        return Answer(url, head, None)
    body = Body(head, params.max_body_bytes)
    if rest:
        body.feed(rest)
    while not body.whole:
        trace.doing = f"reading the body of the answer: {len(body.content)} bytes so far"
        body.feed(await stream.receive())
    trace.mark("body")
    return Answer(url, head, body)


async def _read_head(stream: Stream, trace: Trace, phase: str) -> tuple[Head, bytes]:
    """The final head: interim ones (100, 103) are passed over."""
    trace.doing = "waiting for an answer: it accepted the connection and says nothing"
    data = await stream.receive()
    trace.mark(phase)
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


def _request(params: HttpParams, there: Place, *, with_secrets: bool, last: bool = True) -> bytes:
    added = (*_authorization(params).items(), *params.headers.items()) if with_secrets else ()
    if not params.body:
        return _request_head(params.method, there.authority, there.path, params.wants_body, added, last)
    body = params.body.encode()
    added = (*added, ("Content-Length", str(len(body))))
    return _request_head(params.method, there.authority, there.path, params.wants_body, added, last) + body


@functools.lru_cache(maxsize=4096)
def _request_head(
    method: str, authority: str, path: str, gzip: bool, added: tuple[tuple[str, str], ...], last: bool
) -> bytes:
    headers = {"Host": authority, "User-Agent": "Watchdeck", "Accept": "*/*"}
    headers["Connection"] = "close" if last else "keep-alive"
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


PROBE = Probe(HttpParams, look)
