"""What the hub knows as OpenMetrics, for a scraper on this machine: `GET /metrics` on loopback, nothing else.

Off unless `[hub] metrics_port` says otherwise. It is read-only and without a login, so it never leaves loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from checks.result import State
from cmdb.hub.hub import Hub
from cmdb.model.kind import Kind
from cmdb.store.protocol import Document, StoreError

HOST = "127.0.0.1"
MAX_REQUEST_BYTES = 16 * 1024
REQUEST_LIMIT_S = 5.0
STATES = {state.word: int(state) for state in State}
_LABELS = ("check", "ci", "class", "name", "type")


@contextlib.asynccontextmanager
async def exposed(hub: Hub, port: int) -> AsyncIterator[int]:
    """The endpoint at this port (0: any), which it gives. Raises `StoreError` when the port is taken."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            async with asyncio.timeout(REQUEST_LIMIT_S):
                writer.write(await _answer(hub, await reader.readuntil(b"\r\n\r\n")))
                await writer.drain()
        writer.close()

    try:
        server = await asyncio.start_server(answer, HOST, port, limit=MAX_REQUEST_BYTES)
    except OSError as error:
        what, why = f"port {port} of {HOST} for metrics", error.strerror or "it is taken"
        raise StoreError(what, why, "choose another metrics_port in watchdeck.toml") from error
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def _answer(hub: Hub, request: bytes) -> bytes:
    method, _, rest = request.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    if method != b"GET":
        return _response("405 Method Not Allowed", "text/plain", b"GET only\n")
    if path != b"/metrics":
        return _response("404 Not Found", "text/plain", b"see /metrics\n")
    return _response("200 OK", CONTENT_TYPE_LATEST, await exposition(hub))


def _response(status: str, type_: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {type_}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


async def exposition(hub: Hub) -> bytes:
    """Everything that there is to scrape, as OpenMetrics text."""
    registry = CollectorRegistry()
    registry.register(_Snapshot(await snapshot(hub)))
    written: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return written


async def snapshot(hub: Hub) -> list[Metric]:
    """Everything that there is to tell, as it is now."""
    checks = await hub.store.find(Kind.CHECK)
    cis = {check["ci"]: await hub.store.get(Kind.CI, check["ci"]) for check in checks}
    return [*_hub_metrics(hub), *check_metrics(checks, cis)]


class _Snapshot(Collector):
    """What has been read already: a collector may not wait."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _hub_metrics(hub: Hub) -> Iterator[Metric]:
    census = hub.census
    yield _gauge("watchdeck_cis", "Configuration items that are not retired.", census.cis)
    yield _gauge("watchdeck_incidents_open", "Incidents that are neither resolved nor closed.", census.open_incidents)
    yield _gauge("watchdeck_agents", "Agents on record.", census.agents)
    yield _gauge("watchdeck_agents_connected", "Agents that are connected now.", len(hub.agents.live))
    by_state = GaugeMetricFamily("watchdeck_checks", "Checks by state.", labels=("state",))
    for state, count in census.checks.items():
        by_state.add_metric([state], count)
    yield by_state


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value=value)


def check_metrics(checks: Sequence[Document], cis: Mapping[str, Document | None]) -> Iterator[Metric]:
    """State, hardness, time of the last result and every metric of each check that has run."""
    state = GaugeMetricFamily("watchdeck_check_state", "0 ok, 1 warning, 2 critical, 3 unknown.", labels=_LABELS)
    hard = GaugeMetricFamily("watchdeck_check_hard", "1 when the state is hard.", labels=_LABELS)
    at = GaugeMetricFamily(
        "watchdeck_check_last_result_timestamp_seconds", "When the last result came.", labels=_LABELS
    )
    measured = GaugeMetricFamily(
        "watchdeck_check_metric", "What the check measured last.", labels=(*_LABELS, "metric", "unit")
    )
    for check in checks:
        if check["state"] not in STATES:
            continue
        labels = _labels(check, cis.get(check["ci"]))
        state.add_metric(labels, STATES[check["state"]])
        hard.add_metric(labels, int(check["hard"]))
        if check.get("last_result_at") is not None:
            at.add_metric(labels, check["last_result_at"].timestamp())
        for metric in _values(check.get("metrics") or ()):
            measured.add_metric([*labels, metric["name"], metric.get("unit", "")], metric["value"])
    yield from (state, hard, at, measured)


def _values(metrics: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that have a value, each name once: a plugin may print one twice, which a scraper refuses."""
    return list({metric["name"]: metric for metric in metrics if metric.get("value") is not None}.values())


def _labels(check: Document, ci: Document | None) -> list[str]:
    ci = ci or {}
    return [check["id"], check["ci"], ci.get("class", ""), ci.get("name", ""), check["type"]]
