"""Real senders report to a real hub: Prometheus Alertmanager over the webhook, mail in a folder of an IMAP server."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import msgspec
import pytest

from cmdb.config import Config
from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.hub.imap_folder import ImapFolder
from cmdb.model.incident import Incident
from tests.support.alertmanager import alertmanager
from tests.support.hub import ci, hub_at, put, until
from tests.support.imap import PASSWORD, imap_server

LIMIT_S = 60.0
# Real daemons come and go: not beside those who look at this whole machine.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosts")]


@pytest.fixture
def config() -> Config:
    return msgspec.convert({"webhook": {"port": 0}}, Config)


def only(hub: Hub) -> Incident:
    (incident,) = hub.book
    return incident


async def test_alertmanager_opens_an_incident_adds_to_it_and_ends_it(
    hub: Hub, client: HubClient, tmp_path: Path
) -> None:
    await put(hub, ci("web1", "host", host="web1"))
    down = {"alertname": "InstanceDown", "instance": "web1:9100", "severity": "critical"}
    url, token_file = f"http://127.0.0.1:{hub.webhook_port}/alertmanager", hub.locations.keys / "webhook-token"
    with alertmanager(tmp_path, url, token_file) as sender:
        await asyncio.to_thread(sender.fire, down, summary="web1 is down", description="no scrape for 5 min")
        await until(lambda: len(hub.book) == 1, "an incident", LIMIT_S)
        incident = only(hub)
        assert (incident.title, incident.ci, incident.urgency) == ("web1 is down", "web1", 1)
        assert incident.labels["alertname"] == "InstanceDown"
        assert incident.timeline[0].text.startswith("no scrape for 5 min")
        await asyncio.to_thread(sender.end, down)
        await until(lambda: only(hub).recovered_at is not None, "its end", LIMIT_S)
    assert [row["number"] for row in await client.call("incident.list")] == [1]


async def test_alertmanager_with_a_wrong_token_opens_nothing(hub: Hub, tmp_path: Path) -> None:
    token_file = tmp_path / "wrong"
    token_file.write_text("wrong")
    with alertmanager(tmp_path, f"http://127.0.0.1:{hub.webhook_port}/alertmanager", token_file) as sender:
        await asyncio.to_thread(sender.fire, {"alertname": "InstanceDown"})
        log = tmp_path / "alertmanager.log"
        await until(lambda: "unexpected status code 401" in log.read_text(), "the refusal in its log", LIMIT_S)
    assert len(hub.book) == 0


async def test_mail_on_an_imap_server_opens_an_incident_and_an_answer_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD + "\n")
    with imap_server() as server:
        mail = {"imap": server.url, "password_file": str(tmp_path / "password"), "ca_file": str(server.ca_file)}
        config = msgspec.convert({"mail": {**mail, "look_every_s": 0.05}}, Config)
        async with hub_at(tmp_path, config=config) as hub:
            first = b"From: eve@example.org\nSubject: the printer burns\nMessage-ID: <1@x>\n\nreally\n"
            await asyncio.to_thread(server.deliver, first)
            await until(lambda: len(hub.book) == 1, "an incident by mail", LIMIT_S)
            assert only(hub).title == "the printer burns"
            answer = b"From: eve@example.org\nSubject: Re: INC-1 the printer burns\nMessage-ID: <2@x>\n\nstill\n"
            await asyncio.to_thread(server.deliver, answer)
            await until(lambda: "still" in only(hub).timeline[-1].text, "a note by mail", LIMIT_S)

            async def seen() -> bool:
                return await asyncio.to_thread(server.unseen) == 0

            await until(seen, "both are marked as seen", LIMIT_S)


def read(url: str, password_file: Path, ca_file: Path | None) -> list[tuple[str, bytes]]:
    with contextlib.closing(ImapFolder(url, password_file, ca_file, 1000, 10)) as folder:
        return list(folder.new())


def test_a_server_that_is_not_whom_it_says_or_refuses_the_password_is_not_read(tmp_path: Path) -> None:
    password_file = tmp_path / "password"
    password_file.write_text("wrong")
    with imap_server() as server:
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            read(server.url, password_file, None)
        with pytest.raises(OSError, match="AUTHENTICATIONFAILED") as refused:
            read(server.url, password_file, server.ca_file)
        assert "wrong" not in str(refused.value)
        password_file.write_text(PASSWORD)
        server.deliver(b"Subject: long\n\n" + b"x" * 5000)
        ((_uid, content),) = read(server.url, password_file, server.ca_file)
        assert len(content) == 1000
