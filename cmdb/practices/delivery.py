"""A message on its way: again after a pause, three times a channel, then the next channel. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from cmdb.model.escalation import Delivery, DeliveryState
from cmdb.model.oncall import Person
from cmdb.practices.calendar import parse_calendar

TRIES = 3
FIRST_PAUSE_S = 5.0


def addressed(message: Delivery, id_: str, person: Person, priority: int) -> Delivery:
    """The message to this person: at once, or held back in quiet hours and saying so."""
    now = message.created_at
    quiet = quiet_until(person, priority, now)
    held = f"{now:%Y-%m-%dT%H:%M:%SZ} held back in quiet hours until {quiet:%Y-%m-%dT%H:%M:%SZ}" if quiet else ""
    return msgspec.structs.replace(
        message, id=id_, person=person.name, next_at=quiet or now, receipts=(held,) if held else ()
    )


def notice_of(incident: int, title: str, text: str, now: datetime) -> Delivery:
    """A message that asks for no answer, to be addressed; `incident` is 0 where it is about none."""
    incidents = (incident,) if incident else ()
    return Delivery(
        id="", incident=incident, incidents=incidents, notice=True, person="", title=title, text=text, created_at=now
    )


def sent(delivery: Delivery, at: datetime, receipt: str) -> Delivery:
    return _said(delivery, at, receipt, state=DeliveryState.SENT, sent_at=at, next_at=None)


def failed(delivery: Delivery, at: datetime, why: str, channels: int, pause_s: float = FIRST_PAUSE_S) -> Delivery:
    """After a failure: the same channel later, the next one at once, or given up."""
    attempts = delivery.attempts + 1
    if attempts < TRIES:
        pause = timedelta(seconds=pause_s * 4 ** (attempts - 1))
        return _said(delivery, at, why, attempts=attempts, next_at=at + pause)
    if delivery.channel + 1 < channels:
        return _said(delivery, at, why, channel=delivery.channel + 1, attempts=0, next_at=at)
    return _said(delivery, at, why, attempts=attempts, state=DeliveryState.FAILED, next_at=None)


def quiet_until(person: Person, priority: int, now: datetime) -> datetime | None:
    """When the person's quiet hours end, if they hold this message back; they never hold back a P1."""
    if not person.quiet or priority == 1:
        return None
    hours = parse_calendar(person.quiet, person.timezone)
    spans = hours.open_spans(now - timedelta(days=1), now + timedelta(days=8))
    return next((end for start, end in spans if start <= now < end), None)


def _said(delivery: Delivery, at: datetime, words: str, **fields: object) -> Delivery:
    receipt = f"{at:%Y-%m-%dT%H:%M:%SZ} {words}"
    return msgspec.structs.replace(delivery, receipts=(*delivery.receipts, receipt), **fields)
