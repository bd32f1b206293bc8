"""What other systems say, read warily."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.practices.outside import NotAnEvent, from_alertmanager, from_mail, from_plain
from tests.support.webhook import WEBHOOK


def test_alerts_of_alertmanager_are_events() -> None:
    down, disk = from_alertmanager(json.dumps(WEBHOOK).encode())
    assert (down.key, down.title, down.severity, down.firing) == (
        "outside:alertmanager:c0ffee", "web1 is down", "critical", True,
    )  # fmt: skip
    assert down.names == ("web1:9100", "web1")
    assert down.labels["source"] == "alertmanager"
    assert (disk.title, disk.severity, disk.firing) == ("DiskFull", "warning", False)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "truncated"),
        (b"{}", "version"),
        (json.dumps(WEBHOOK | {"version": "3"}).encode(), "version"),
        (json.dumps(WEBHOOK | {"alerts": [{"status": "firing", "labels": {"a": 1}}]}).encode(), "labels"),
        (b"\xff\xfe", "malformed"),
    ],
)
def test_what_is_no_webhook_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(NotAnEvent, match=why):
        from_alertmanager(body)


def test_a_plain_event_needs_only_a_title() -> None:
    (event,) = from_plain(b'{"title": "backup failed"}')
    assert (event.key, event.severity, event.firing) == ("outside:webhook:backup failed", "critical", True)
    assert len(from_plain(b'[{"title": "a"}, {"title": "b", "state": "ok"}]')) == 2
    for wrong in (b'{"title": ""}', b'{"titel": "x"}', b'{"title": "x", "state": "bad"}', b"3"):
        with pytest.raises(NotAnEvent):
            from_plain(wrong)


def test_control_characters_do_not_come_through() -> None:
    (event,) = from_plain(json.dumps({"title": "a\x1b[31mb\x00", "text": "x\x07\ny"}).encode())
    assert (event.title, event.text) == ("a[31mb", "x\ny")


def test_a_mail_is_an_event_and_one_that_names_an_incident_is_a_note() -> None:
    mail = b"From: Eve <eve@example.org>\r\nSubject: the printer burns\r\nMessage-ID: <1@x>\r\n\r\nreally\r\n"
    event = from_mail(mail)
    assert (event.title, event.key, event.number) == ("the printer burns", "outside:mail:<1@x>", None)
    assert event.text == "from Eve <eve@example.org>\nreally"
    assert from_mail(mail.replace(b"the printer", b"Re: INC-12 the printer")).number == 12


@given(st.binary(max_size=2000))
def test_no_mail_whatever_is_in_it_breaks_anything(content: bytes) -> None:
    event = from_mail(content)
    assert event.title.isprintable()
