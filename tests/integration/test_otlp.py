"""Metrics pushed by OTLP, taken by a real web server and read by OpenTelemetry's own message types."""

from __future__ import annotations

from pathlib import Path

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from cmdb.config import Config, OtlpSection
from cmdb.hub.hub import Hub
from cmdb.hub.otlp import pushed
from tests.support.hub import START, check, ci, hub_at, put, until
from tests.support.receivers import Postbox, web_server

METRICS = ({"name": "used_percent", "value": 91.5, "unit": "%"}, {"name": "none", "value": None})


async def some_checks(hub: Hub) -> None:
    await put(hub, ci("v1", "filesystem"), check("v1", "usage", "critical", last_result_at=START, metrics=METRICS))


def received(box: Postbox) -> dict[str, Metric]:
    """The metrics of the last post, by name; refused by the parser where they are not OTLP."""
    message = ParseDict(box.posts[-1], ExportMetricsServiceRequest())
    (resource,) = message.resource_metrics
    assert {one.key: one.value.string_value for one in resource.resource.attributes}["service.name"] == "watchdeck"
    return {metric.name: metric for scope in resource.scope_metrics for metric in scope.metrics}


async def test_a_collector_gets_every_check_by_itself_and_again(tmp_path: Path) -> None:
    with web_server() as box:
        config = Config(otlp=OtlpSection(url=box.url, every_s=0.1))
        async with hub_at(tmp_path, config=config) as hub:
            await some_checks(hub)
            await until(lambda: len(box.posts) > 1, "a second push")
            await until(lambda: bool(received(box)["watchdeck.check_metric"].gauge.data_points), "the check's metric")
        found = received(box)
    (point,) = found["watchdeck.check_metric"].gauge.data_points
    labels = {one.key: one.value.string_value for one in point.attributes}
    assert (point.as_double, labels["metric"], labels["unit"], labels["check"]) == (
        91.5,
        "used_percent",
        "%",
        "v1/usage",
    )
    assert point.time_unix_nano == int(START.timestamp() * 1e9)
    (state,) = found["watchdeck.check_state"].gauge.data_points
    assert state.as_double == 2


async def test_a_collector_that_refuses_or_is_away_is_said(hub: Hub) -> None:
    with web_server(refuse=1) as box:
        config = OtlpSection(url=box.url)
        assert await pushed(hub, config) == "it answers 503 Service Unavailable"
        assert await pushed(hub, config) == ""
    assert "refused" in await pushed(hub, config)
