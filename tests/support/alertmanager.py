"""A real Prometheus Alertmanager on loopback that tells one webhook of everything."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.programs import needs

READY_S = 60.0
CONF = """
route:
  receiver: watchdeck
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: watchdeck
    webhook_configs:
      - url: {url}
        http_config:
          authorization:
            credentials_file: {token_file}
"""


@dataclass(frozen=True)
class Alertmanager:
    url: str

    def fire(self, labels: Mapping[str, str], **annotations: str) -> None:
        self._post({"labels": labels, "annotations": annotations})

    def end(self, labels: Mapping[str, str]) -> None:
        self._post({"labels": labels, "endsAt": datetime.now(UTC).isoformat()})

    def _post(self, alert: Mapping[str, object]) -> None:
        body = json.dumps([alert]).encode()
        request = urllib.request.Request(f"{self.url}/api/v2/alerts", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=READY_S) as answer:
            assert answer.status == 200


@contextlib.contextmanager
def alertmanager(folder: Path, url: str, token_file: Path) -> Iterator[Alertmanager]:
    """Skips where it is not installed."""
    needs("prometheus-alertmanager")
    conf = folder / "alertmanager.yml"
    conf.write_text(CONF.format(url=url, token_file=token_file))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    words = [f"--config.file={conf}", f"--storage.path={folder / 'alerts'}", f"--web.listen-address={address}"]
    log = folder / "alertmanager.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            ["prometheus-alertmanager", *words, "--cluster.listen-address="], stdout=said, stderr=said
        )
    try:
        _wait(f"http://{address}/-/ready", process, log)
        yield Alertmanager(f"http://{address}")
    finally:
        process.terminate()
        process.wait(READY_S)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=READY_S):
            return
        assert process.poll() is None, f"it ended: {log.read_text()}"
        assert time.monotonic() < deadline, f"it does not answer: {log.read_text()}"
        time.sleep(0.05)
