"""Sends one message over one channel: a webhook of our own making, everything else through apprise. Blocking.

What an address holds may be secret: errors name the channel, never its address.
"""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import msgspec

from cmdb.model.oncall import Channel

TIMEOUT_S = 15.0
WEBHOOK = "webhook+"


class NotSent(Exception):
    """The message did not get through; the text says why."""


def send(channel: Channel, title: str, text: str, facts: dict[str, Any]) -> str:
    """A receipt in a few words. `facts` go to webhooks as they are. Raises `NotSent`."""
    address = _address(channel)
    if address.startswith(WEBHOOK):
        return _post(channel.name, address.removeprefix(WEBHOOK), {"title": title, "text": text, **facts})
    return _apprise(channel.name, address, title, text)


def _address(channel: Channel) -> str:
    if channel.url:
        return channel.url
    try:
        return Path(channel.url_file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NotSent(f"{channel.name}: its address cannot be read from {channel.url_file}") from error


def _post(name: str, url: str, body: dict[str, Any]) -> str:
    if not url.startswith(("http://", "https://")):
        raise NotSent(f"{name}: a webhook is webhook+http://… or webhook+https://…")
    request = urllib.request.Request(  # noqa: S310 — the scheme is checked above
        url, data=msgspec.json.encode(body), headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return f"{name}: answered {answer.status}"
    except urllib.error.HTTPError as error:
        raise NotSent(f"{name}: answered {error.code}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise NotSent(f"{name}: {getattr(reason, 'strerror', None) or type(reason).__name__}") from error


def _apprise(name: str, address: str, title: str, text: str) -> str:
    import apprise  # noqa: PLC0415 — heavy, and only who sends needs it

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it writes addresses, secrets included
    service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if service is None:
        raise NotSent(f"{name}: its address is of no known service")
    sender = apprise.Apprise()
    sender.add(service)
    if not sender.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT):
        raise NotSent(f"{name}: {service.service_name or 'the service'} did not take it")
    return f"{name}: accepted by {service.service_name or 'the service'}"
