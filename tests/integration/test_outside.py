"""Other systems report to a real hub: over its webhook, and by mail."""

from __future__ import annotations

import asyncio
import json
import mailbox
import stat
import urllib.error
import urllib.request
from pathlib import Path

import msgspec
import pytest

from cmdb.config import Config
from cmdb.hub.hub import Hub
from cmdb.hub.main import running
from cmdb.locations import Locations
from cmdb.store.memory import MemoryStore
from cmdb.store.protocol import StoreError
from tests.support.hub import START, HandClock, ci, client_of, hub_at, put, until
from tests.support.webhook import WEBHOOK

CONFIG = msgspec.convert({"webhook": {"port": 0}}, Config)


@pytest.fixture
def config() -> Config:
    return CONFIG


@pytest.fixture
async def hub(hub: Hub) -> Hub:
    await put(hub, ci("web1", "host", host="web1", name="web1"))
    return hub


async def post(hub: Hub, path: str, body: object, *, token: str | None = None) -> tuple[int, str]:
    known = (hub.locations.keys / "webhook-token").read_text().strip()
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {known if token is None else token}"}
    request = urllib.request.Request(f"http://127.0.0.1:{hub.webhook_port}{path}", data=content, headers=headers)

    def call() -> tuple[int, str]:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode().strip()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode().strip()

    return await asyncio.to_thread(call)


async def test_an_alert_opens_an_incident_of_the_item_that_it_names_and_its_end_resolves_it(
    hub: Hub, clock: HandClock
) -> None:
    assert await post(hub, "/alertmanager", WEBHOOK) == (200, "2 taken")
    (incident,) = hub.book
    assert (incident.title, incident.ci, incident.priority) == ("web1 is down", "web1", 2)
    assert incident.labels["alertname"] == "InstanceDown"
    await post(hub, "/alertmanager", WEBHOOK)
    (incident,) = hub.book
    assert [entry.what for entry in incident.timeline] == ["opened", "note"]
    ended = json.loads(json.dumps(WEBHOOK).replace("firing", "resolved"))
    await post(hub, "/alertmanager", ended)
    (incident,) = hub.book
    assert incident.recovered_at == START
    clock.turn(minutes=5)
    hub.desk.stir()
    await until(lambda: len(hub.book) == 0, "the incident is resolved")


async def test_what_an_outside_source_said_outlives_a_restart(tmp_path: Path, clock: HandClock) -> None:
    store = MemoryStore()
    async with running(Locations(tmp_path), CONFIG, clock, store) as hub:
        await post(hub, "/event", {"title": "backup failed", "key": "backup"})
    async with running(Locations(tmp_path), CONFIG, clock, store) as hub:
        await hub.desk.work()
        (incident,) = hub.book
        assert incident.recovered_at is None
        await post(hub, "/event", {"title": "backup failed", "key": "backup", "state": "ok"})
        (incident,) = hub.book
        assert incident.recovered_at is not None
    await store.close()


@pytest.mark.parametrize(
    ("path", "body", "token", "status"),
    [
        ("/nowhere", {}, None, 404),
        ("/event", {"title": "x"}, "wrong", 401),
        ("/event", {"title": "x"}, "", 401),
        ("/event", b"{", None, 400),
        ("/alertmanager", {"title": "x"}, None, 400),
    ],
)
async def test_a_call_that_is_wrong_is_told_what_is_wrong(
    hub: Hub, path: str, body: object, token: str | None, status: int
) -> None:
    answered, text = await post(hub, path, body, token=token)
    assert answered == status
    assert text
    assert len(hub.book) == 0


async def test_the_token_is_its_owners_alone(hub: Hub) -> None:
    assert stat.S_IMODE((hub.locations.keys / "webhook-token").stat().st_mode) == 0o600


async def test_a_port_that_is_taken_is_said(hub: Hub, tmp_path: Path) -> None:
    config = msgspec.convert({"webhook": {"port": hub.webhook_port}}, Config)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(StoreError, match="cannot listen"):
        async with hub_at(other, config=config):
            pass


async def test_mail_opens_an_incident_and_an_answer_is_a_note(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "mail")
    config = msgspec.convert({"mail": {"maildir": str(tmp_path / "mail"), "look_every_s": 0.02}}, Config)
    async with hub_at(tmp_path, config=config) as hub:
        box.add(b"From: eve@example.org\nSubject: the printer burns\nMessage-ID: <1@x>\n\nreally\n")
        await until(lambda: len(hub.book) == 1, "an incident by mail")
        box.add(b"From: eve@example.org\nSubject: Re: INC-1 the printer burns\nMessage-ID: <2@x>\n\nstill\n")

        async def noted() -> bool:
            async with await client_of(hub) as client:
                shown = await client.call("incident.show", number=1)
            return any(entry["what"] == "note" and "still" in entry["text"] for entry in shown["timeline"])

        await until(noted, "the note")
        await until(lambda: not list((tmp_path / "mail" / "new").iterdir()), "mail is marked as seen")
        assert len(list((tmp_path / "mail" / "cur").iterdir())) == 2
