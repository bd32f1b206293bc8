"""How a stakeholder of an agreement is reached: a person of `oncall.toml`, a mail address, or a channel's address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from cmdb.channel import NotSent, send
from cmdb.locations import Locations
from cmdb.model.oncall import Channel, Person
from cmdb.oncall_file import load_directory
from cmdb.toml_file import TomlError


def channels_of(stakeholder: str, people: Mapping[str, Person], mail: str) -> tuple[Channel, ...]:
    """In the order to be tried; `mail` is the mail server (`mailto://mail.example.org/?from=…`). Raises `NotSent`."""
    if person := people.get(stakeholder):
        if not person.channels:
            raise NotSent(f"{stakeholder} has no channel in oncall.toml")
        return person.channels
    if "://" in stakeholder:
        return (Channel(name=stakeholder.partition("://")[0], url=stakeholder),)
    if "@" not in stakeholder:
        raise NotSent(f"{stakeholder} is neither a person of oncall.toml nor an address")
    if not mail:
        raise NotSent("no mail server is configured: [notice] mail in watchdeck.toml")
    joint = "&" if "?" in mail else "?"
    return (Channel(name="mail", url=f"{mail}{joint}to={quote(stakeholder)}"),)


def tell(channels: tuple[Channel, ...], title: str, text: str, facts: dict[str, Any]) -> str:
    """The receipt of the first channel that takes it. Blocking. Raises `NotSent` with what each of them said."""
    said: list[str] = []
    for channel in channels:
        try:
            return send(channel, title, text, facts)
        except NotSent as error:
            said.append(str(error))
    raise NotSent("; ".join(said) or "no channel")


def tell_stakeholder(
    locations: Locations, mail: str, stakeholder: str, title: str, text: str, facts: dict[str, Any]
) -> str:
    """Look up how to reach this stakeholder now, and tell. Blocking. Raises `NotSent`."""
    try:
        people = load_directory(locations.oncall).people
    except TomlError as error:
        raise NotSent(str(error)) from error
    return tell(channels_of(stakeholder, people, mail), title, text, facts)
