"""The hub's metrics pushed to an OpenTelemetry collector: OTLP over HTTP, as JSON. Off unless `[otlp] url` is set.

The same figures as the OpenMetrics endpoint. What cannot be delivered is not kept: the next push has newer ones.
"""

from __future__ import annotations

import asyncio
import logging
import urllib.request
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import msgspec
from prometheus_client.core import Metric

from checks import __version__
from cmdb.config import OtlpSection
from cmdb.hub.hub import Hub
from cmdb.hub.metrics import snapshot

_log = logging.getLogger(__name__)


async def push_metrics(hub: Hub, config: OtlpSection) -> None:
    """Every so often, until cancelled; a collector that is away is said once, and when it is back."""
    away = ""
    while True:
        await asyncio.sleep(config.every_s)
        why = await pushed(hub, config)
        if why != away:
            if why:
                _log.warning("metrics do not reach %s: %s", config.url, why)
            else:
                _log.info("metrics reach %s again", config.url)
        away = why


async def pushed(hub: Hub, config: OtlpSection) -> str:
    """One push; why it failed, empty when it did not."""
    now_ns = int(hub.clock.now().timestamp() * 1e9)
    body = msgspec.json.encode(request(await snapshot(hub), hub.config.hub.name or "watchdeck", now_ns))
    try:
        await asyncio.to_thread(_post, config, body)
    except HTTPError as error:
        return f"it answers {error.code} {error.reason}"
    except (URLError, OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
    return ""


def _post(config: OtlpSection, body: bytes) -> None:
    headers = {"Content-Type": "application/json", "User-Agent": f"Watchdeck/{__version__}"}
    if config.token_file:
        headers["Authorization"] = f"Bearer {Path(config.token_file).read_text('utf-8').strip()}"
    asked = urllib.request.Request(config.url, body, headers, method="POST")  # noqa: S310 - http(s) is checked
    with urllib.request.urlopen(asked, timeout=config.timeout_s) as answer:  # noqa: S310
        answer.read(4096)


def request(metrics: Iterable[Metric], name: str, now_ns: int) -> dict[str, Any]:
    """An `ExportMetricsServiceRequest` in OTLP's JSON: 64-bit numbers are text there."""
    scope = {
        "scope": {"name": "watchdeck", "version": __version__},
        "metrics": [_gauge(one, now_ns) for one in metrics],
    }
    resource = {"attributes": _attributes([("service.name", "watchdeck"), ("service.instance.id", name)])}
    return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [scope]}]}


def _gauge(metric: Metric, now_ns: int) -> dict[str, Any]:
    points = [
        {
            "timeUnixNano": str(now_ns),
            "asDouble": float(sample.value),
            "attributes": _attributes(sorted(sample.labels.items())),
        }
        for sample in metric.samples
    ]
    return {
        "name": metric.name.replace("_", ".", 1),
        "description": metric.documentation,
        "gauge": {"dataPoints": points},
    }


def _attributes(pairs: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in pairs]
