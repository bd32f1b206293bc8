"""The hub's OpenMetrics endpoint, asked by our own http probe and read by the format's reference parser."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from checks.definition import Definition
from checks.result import State
from checks.run import run
from cmdb.hub.hub import Hub
from cmdb.hub.metrics import exposed, exposition
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.store.protocol import StoreError
from tests.support.hub import START, check, ci, hub_at

METRICS = ({"name": "used_percent", "value": 91.5, "unit": "%"}, {"name": "none", "value": None})


async def some_checks(hub: Hub) -> None:
    changes = [
        Put(Kind.CI, ci("v1", "filesystem", name='odd "name"\n')),
        Put(Kind.CHECK, check("v1", "usage", "critical", last_result_at=START, metrics=METRICS)),
        Put(Kind.CHECK, check("v1", "new", "pending")),
    ]
    await hub.ledger.commit(changes, actor="test", reason="a report")


async def test_every_check_that_ran_is_there_with_state_time_and_metrics(tmp_path: Path) -> None:
    async with hub_at(tmp_path) as hub:
        await some_checks(hub)
        text = (await exposition(hub)).decode()
    read = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    families = {family.name: family for family in read}
    (state,) = families["watchdeck_check_state"].samples
    assert (state.value, state.labels["check"], state.labels["name"]) == (2, "v1/usage", 'odd "name"\n')
    (measured,) = families["watchdeck_check_metric"].samples
    assert (measured.value, measured.labels["metric"], measured.labels["unit"]) == (91.5, "used_percent", "%")
    (at,) = families["watchdeck_check_last_result_timestamp_seconds"].samples
    assert at.value == START.timestamp()
    assert {"watchdeck_cis", "watchdeck_incidents_open", "watchdeck_agents_connected"} <= set(families)


async def test_a_scraper_on_this_machine_gets_it_over_http(tmp_path: Path) -> None:
    async with hub_at(tmp_path) as hub, exposed(hub, 0) as port:
        await some_checks(hub)
        answers = {
            path: await run(
                Definition("c/m", "c", "http", {"url": f"http://127.0.0.1:{port}{path}", "body_contains": "# EOF"})
            )
            for path in ("/metrics", "/other")
        }
    assert answers["/metrics"].state is State.OK, answers["/metrics"].output
    assert "404" in answers["/other"].output


async def test_a_port_that_is_taken_is_said_with_what_to_do(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    async with server, hub_at(tmp_path) as hub:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(StoreError, match=f"port {port} .* metrics_port in watchdeck.toml"):
            async with exposed(hub, port):
                pass
