"""Messages received by a real SMTP server and a real web server."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.channel import NotSent, send
from cmdb.model.oncall import Channel
from tests.support.receivers import mail_server, web_server


def mail_channel(port: int) -> Channel:
    return Channel(name="mail", url=f"mailto://127.0.0.1:{port}/?from=w@example.org&to=mia@example.org")


def test_mail_is_received() -> None:
    with mail_server() as box:
        assert send(mail_channel(box.port), "INC-7 P2 web is down", "since: now\nacknowledge: …", {}).startswith(
            "mail: accepted"
        )
    (mail,) = box.mail
    assert (mail["To"], mail["Subject"]) == ("mia@example.org", "INC-7 P2 web is down")


def test_a_server_that_refuses_is_said() -> None:
    with mail_server(refuse=1) as box, pytest.raises(NotSent, match=r"mail: .* did not take it"):
        send(mail_channel(box.port), "t", "x", {})


def test_a_webhook_gets_the_facts(tmp_path: Path) -> None:
    with web_server() as box:
        (tmp_path / "address").write_text(f"webhook+{box.url}\n")
        channel = Channel(name="chat", url_file=str(tmp_path / "address"))
        assert send(channel, "t", "x", {"incidents": [7]}) == "chat: answered 204"
    assert box.posts == [{"title": "t", "text": "x", "incidents": [7]}]


def test_no_address_is_ever_said(tmp_path: Path) -> None:
    with web_server(refuse=9) as box:
        for channel in (
            Channel(name="chat", url=f"webhook+{box.url}?secret=hunter2"),
            Channel(name="chat", url="webhook+http://127.0.0.1:9/?secret=hunter2"),
            Channel(name="chat", url="webhook+file:///etc/passwd?secret=hunter2"),
            Channel(name="chat", url="nonsense://secret-hunter2"),
            Channel(name="chat", url_file=str(tmp_path / "missing")),
        ):
            with pytest.raises(NotSent) as refused:
                send(channel, "t", "x", {})
            assert str(refused.value).startswith("chat: ")
            assert "hunter2" not in str(refused.value)
