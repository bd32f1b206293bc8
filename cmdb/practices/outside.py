"""What other systems report, as events of ours: Alertmanager's webhook (version 4), a plain webhook, mail. Pure.

Everything here came from outside: it is bounded, and what is no text is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Annotated, Literal, TypeVar

import msgspec

OUTSIDE = "outside:"  # begins the keys of what no check of ours watches
SEVERITIES = {"critical": "critical", "error": "critical", "page": "critical", "warning": "warning"}
MOST_EVENTS = 10_000
LONGEST_TITLE = 200
LONGEST_TEXT = 10_000
MOST_LABELS = 50
_NUMBER = re.compile(r"\bINC-(\d{1,9})\b")

T = TypeVar("T")
Short = Annotated[str, msgspec.Meta(max_length=1000)]


class NotAnEvent(ValueError):
    """What came is not what it should be; the text says why."""


@dataclass(frozen=True)
class Event:
    """`names` are what the item that it is about may be called, likeliest first; `firing` False: it is well again.

    `number` is an incident that it is about by name: then it is a note on that one.
    """

    key: str
    title: str
    severity: str
    firing: bool
    names: tuple[str, ...] = ()
    text: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    number: int | None = None


class _Alert(msgspec.Struct, frozen=True, rename="camel"):
    status: Literal["firing", "resolved"]
    labels: dict[Short, Short]
    annotations: dict[Short, str] = {}
    starts_at: datetime | None = None
    fingerprint: Short = ""
    generator_url: str = msgspec.field(default="", name="generatorURL")


class _Alerts(msgspec.Struct, frozen=True):
    version: Literal["4"]
    alerts: Annotated[list[_Alert], msgspec.Meta(max_length=MOST_EVENTS)]


class _Plain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: Annotated[str, msgspec.Meta(min_length=1)]
    key: Short = ""
    state: Literal["firing", "ok"] = "firing"
    severity: Literal["critical", "warning", "info"] = "critical"
    ci: Short = ""
    text: str = ""
    labels: dict[Short, Short] = {}


def from_alertmanager(body: bytes) -> list[Event]:
    """The alerts of one webhook call. Raises `NotAnEvent`."""
    return [_of_alert(alert) for alert in _decoded(body, _Alerts).alerts]


def from_plain(body: bytes) -> list[Event]:
    """One event, or a list of them. Raises `NotAnEvent`."""
    if body.lstrip()[:1] == b"[":
        return [_of_plain(one) for one in _decoded(body, list[_Plain])[:MOST_EVENTS]]
    return [_of_plain(_decoded(body, _Plain))]


def from_mail(content: bytes) -> Event:
    """A mail: its subject is the title; one that names INC-12 in its subject is a note on that incident."""
    message = BytesParser(policy=policy.default).parsebytes(content)
    assert isinstance(message, EmailMessage)
    subject = _clean(str(message.get("Subject", "")), LONGEST_TITLE) or "mail without a subject"
    named = _NUMBER.search(subject)
    key = str(message.get("X-Watchdeck-Key") or message.get("Message-ID") or subject)
    sender = _clean(str(message.get("From", "")), LONGEST_TITLE)
    return Event(
        key=f"{OUTSIDE}mail:{_clean(key, LONGEST_TITLE)}",
        title=subject,
        severity="warning",
        firing=True,
        text=f"from {sender}\n{_text_of(message)}",
        labels={"source": "mail", "from": sender},
        number=int(named[1]) if named else None,
    )


def _of_alert(alert: _Alert) -> Event:
    labels = alert.labels
    name = alert.annotations.get("summary") or labels.get("alertname") or "an alert without a name"
    key = alert.fingerprint or ",".join(f"{label}={value}" for label, value in sorted(labels.items()))
    instance = labels.get("instance", "")
    names = (labels.get("ci", ""), labels.get("host", ""), instance, instance.rpartition(":")[0])
    return Event(
        key=f"{OUTSIDE}alertmanager:{_clean(key, 500)}",
        title=_clean(name, LONGEST_TITLE),
        severity=SEVERITIES.get(labels.get("severity", ""), "unknown"),
        firing=alert.status == "firing",
        names=tuple(name for name in names if name),
        text=_clean(alert.annotations.get("description", ""), LONGEST_TEXT),
        labels=_labels({"source": "alertmanager", **labels}),
    )


def _of_plain(said: _Plain) -> Event:
    return Event(
        key=f"{OUTSIDE}webhook:{_clean(said.key or said.title, 500)}",
        title=_clean(said.title, LONGEST_TITLE) or "an event without a title",
        severity=SEVERITIES.get(said.severity, "unknown"),
        firing=said.state == "firing",
        names=(said.ci,) if said.ci else (),
        text=_clean(said.text, LONGEST_TEXT),
        labels=_labels({"source": "webhook", **said.labels}),
    )


def _decoded(body: bytes, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotAnEvent(str(error).replace("`", "")) from error


def _labels(labels: Mapping[str, str]) -> dict[str, str]:
    bounded: Sequence[tuple[str, str]] = list(labels.items())[:MOST_LABELS]
    return {_clean(name, 100): _clean(value, 500) for name, value in bounded}


def _text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    try:
        return _clean(str(body.get_content()) if body is not None else "", LONGEST_TEXT)
    except (LookupError, KeyError):
        return "(its text cannot be read)"


def _clean(text: str, longest: int) -> str:
    """Printable, one line of each, bounded."""
    return "\n".join(
        "".join(character for character in line if character.isprintable()) for line in text[:longest].splitlines()
    ).strip()
