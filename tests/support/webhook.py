"""A call of Alertmanager's webhook."""

from __future__ import annotations

from typing import Any

# As Prometheus Alertmanager 0.25 sends it.
WEBHOOK: dict[str, Any] = {
    "receiver": "watchdeck",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "InstanceDown", "instance": "web1:9100", "job": "node", "severity": "critical"},
            "annotations": {"summary": "web1 is down", "description": "no scrape for 5 min"},
            "startsAt": "2026-03-02T12:00:00.123Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph?g0.expr=up",
            "fingerprint": "c0ffee",
        },
        {
            "status": "resolved",
            "labels": {"alertname": "DiskFull", "severity": "warning"},
            "annotations": {},
            "startsAt": "2026-03-02T11:00:00Z",
            "endsAt": "2026-03-02T12:00:00Z",
            "generatorURL": "",
            "fingerprint": "beef",
        },
    ],
    "groupLabels": {},
    "commonLabels": {},
    "commonAnnotations": {},
    "externalURL": "http://alertmanager:9093",
    "version": "4",
    "groupKey": "{}:{}",
    "truncatedAlerts": 0,
}
