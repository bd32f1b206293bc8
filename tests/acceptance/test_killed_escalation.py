"""A hub that is killed in the middle of an escalation goes on where it was: no step twice, none missed."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.unix_socket import connect
from cmdb.hub.blocking_client import BlockingClient
from cmdb.model.kind import Kind
from cmdb.store.embedded import EmbeddedStore
from tests.acceptance.installation import ROOT, WATCHDECK
from tests.support.receivers import web_server
from tests.waiting import wait_for

STEPS, KILLS = 12, 4
STEP = '[[policy.step]]\ntargets = ["person:mia"]\ndelay = "0.4s"\n'
FILE = """
[[person]]
name = "mia"
[[person.channel]]
name = "hook"
url = "webhook+{url}"
[[policy]]
name = "default"
{steps}
[route]
policy = "default"
group_wait = "0s"
"""


@contextmanager
def hub(state: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A hub that answers; killed at the end."""
    with (state / "hub.log").open("ab") as log:
        process = subprocess.Popen(
            [*WATCHDECK, "hub", "--port", "0", "--state", str(state)], cwd=ROOT, stdout=log, stderr=log
        )
    try:
        wait_for("the hub to answer", lambda: answers(state, process))
        yield process
    finally:
        process.kill()
        process.wait(timeout=10)


def answers(state: Path, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, (state / "hub.log").read_text()[-2000:]
    try:
        with BlockingClient(connect(state / "hub.sock", 5.0)) as client:
            return bool(client.call("hub.status"))
    except (OSError, EOFError):
        return False


@pytest.mark.slow
async def test_no_step_is_taken_twice_and_none_is_missed(tmp_path: Path) -> None:
    with web_server() as box:
        (tmp_path / "oncall.toml").write_text(FILE.format(url=box.url, steps=STEP * STEPS))
        with hub(tmp_path), BlockingClient(connect(tmp_path / "hub.sock", 5.0)) as client:
            client.call("incident.open", title="web is down")
            time.sleep(random.uniform(0.1, 0.6))
        for _ in range(KILLS - 1):
            with hub(tmp_path):
                time.sleep(random.uniform(0.0, 0.6))  # a moment, whichever it is
        with hub(tmp_path), BlockingClient(connect(tmp_path / "hub.sock", 5.0)) as client:
            wait_for("the last step to be told", lambda: told(client) >= STEPS)
    store = await EmbeddedStore.open(tmp_path / "watchdeck.db")
    try:
        deliveries = await store.find(Kind.DELIVERY)
        (escalation,) = await store.find(Kind.ESCALATION)
    finally:
        await store.close()
    assert sorted(one["id"] for one in deliveries) == sorted(f"1/root/0/{step}/mia" for step in range(1, STEPS + 1))
    assert {one["state"] for one in deliveries} == {"sent"}
    assert (escalation["taken"], escalation["next_at"]) == (STEPS, None)
    # What was handed over just before a kill may have come twice; nothing came more often than that.
    assert STEPS <= len(box.posts) <= STEPS + KILLS


def told(client: BlockingClient) -> int:
    shown = client.call("incident.show", number=1)
    return sum(step["what"] == "told" and " by hook" in step["text"] for step in shown["timeline"])
