"""A web server's answer against what is wanted of it: status, headers, body. No sockets."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple, Optional

from checks.finding import Finding, Unhealthy
from checks.http_message import Body, Head
from checks.perfdata import printable
from checks.probes.http_params import HttpParams, spans
from checks.probes.json_body import judge_json
from checks.result import Metric


class Answer(NamedTuple):
    """What the server sent; `body` is None where nothing was asked about it."""

    url: str
    head: Head
    body: Optional[Body]


def judge_answer(params: HttpParams, answer: Answer, first_byte_ms: float, kept_ms: Optional[float] = None) -> Finding:
    """The answer against everything that is wanted of it; raises `Unhealthy`."""
    _assert_status(params, answer)
    _assert_headers(params, answer)
    if answer.body is not None:
        _assert_body(params, answer.body, answer.url)
    said = status_line(answer.head.status, answer.head.reason)
    metrics = [
        Metric("response_ms", first_byte_ms, "ms", minimum=0.0),
        Metric("status", float(answer.head.status)),
    ]
    if kept_ms is not None:
        metrics.append(Metric("kept_ms", kept_ms, "ms", minimum=0.0))
    if answer.body is not None:
        metrics.append(Metric("body_bytes", float(len(answer.body.content)), "B", minimum=0.0))
        metrics.extend(judge_json(answer.url, bytes(answer.body.content), params.json, params.values))
    return Finding(f"{answer.url} answers {said} ({first_byte_ms:.1f} ms)", metrics=tuple(metrics))


@functools.lru_cache(maxsize=256)
def status_line(status: int, reason: str) -> str:
    """`200 OK`, as people may see it."""
    return f"{status} {printable(reason)}".strip()[:80]


def _assert_status(params: HttpParams, answer: Answer) -> None:
    status = answer.head.status
    for low, high in spans(params.status):
        if low <= status <= high:
            return
    said = status_line(status, answer.head.reason)
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
