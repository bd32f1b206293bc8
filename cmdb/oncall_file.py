"""`oncall.toml` → who can be told, in which order, about what. Not who is on call now: `cmdb.practices.oncall`.

::

    [[person]]
    name = "mia"
    timezone = "Europe/Berlin"
    quiet = "Mon-Sun 22:00-07:00"          # holds back all but a P1
    [[person.channel]]
    name = "mail"
    url = "mailto://mail.example.org/?from=watchdeck@example.org&to=mia@example.org"
    [[person.channel]]
    name = "chat"
    url_file = "/etc/watchdeck/mia-chat"   # an address that holds a secret

    [[team]]
    name = "ops"
    members = ["mia", "rab"]

    [[schedule]]
    name = "ops"
    timezone = "Europe/Berlin"
    [[schedule.rotation]]
    turns = [["mia"], ["rab"]]
    start = 2026-03-02T09:00:00
    every = "1w"

    [[policy]]
    name = "default"
    repeat = -1                            # for ever
    [[policy.step]]
    targets = ["schedule:ops"]
    delay = "10m"

    [route]
    group_by = ["host"]
    [[route.route]]
    matchers = ["priority=1"]
    policy = "default"
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec

from cmdb.model.oncall import Person, Schedule, Team
from cmdb.practices.calendar import CalendarError, parse_calendar
from cmdb.practices.duration import parse_duration_s
from cmdb.practices.escalation import EscalationPolicy, Step
from cmdb.practices.matcher import parse_matcher
from cmdb.practices.rotation import rotation_error
from cmdb.practices.routing import Route
from cmdb.practices.wall_time import zone_named
from cmdb.toml_file import KeyPath, convert, error_at, parse, read

KINDS = ("schedule", "team", "person")


@dataclass(frozen=True)
class Directory:
    """Everything of the file, checked: names that are named are there."""

    people: dict[str, Person] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    policies: dict[str, EscalationPolicy] = field(default_factory=dict)
    route: Route = field(default_factory=Route)


class _Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    targets: tuple[str, ...]
    delay: str = "10m"


class _Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    repeat: Annotated[int, msgspec.Meta(ge=-1)] = 0
    step: tuple[_Step, ...]


class _Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str = ""
    matchers: tuple[str, ...] = ()
    policy: str | None = None
    group_by: tuple[str, ...] | None = None
    group_wait: str | None = None
    group_interval: str | None = None
    repeat_interval: str | None = None
    goes_on: bool = msgspec.field(default=False, name="continue")
    route: tuple[_Route, ...] = ()


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    person: tuple[Person, ...] = ()
    team: tuple[Team, ...] = ()
    schedule: tuple[Schedule, ...] = ()
    policy: tuple[_Policy, ...] = ()
    route: _Route = _Route()


Wrong = Iterator[tuple[KeyPath, str]]


def load_directory(path: Path) -> Directory:
    """The directory in this file; an empty one where there is none. Raises `TomlError`."""
    if not path.exists():
        return Directory()
    text = read(path)
    file = convert(path, text, parse(path, text), _File)
    for key, why in _wrong(file):
        raise error_at(path, text, key, why)
    return Directory(
        people={person.name: person for person in file.person},
        teams={team.name: team for team in file.team},
        schedules={schedule.name: schedule for schedule in file.schedule},
        policies={policy.name: _policy(policy) for policy in file.policy},
        route=_route(file.route),
    )


def _wrong(file: _File) -> Wrong:
    for noun, named in (
        ("person", file.person),
        ("team", file.team),
        ("schedule", file.schedule),
        ("policy", file.policy),
    ):
        yield from _repeated(noun, [one.name for one in named])
    yield from _wrong_people(file)
    yield from _wrong_schedules(file)
    yield from _wrong_policies(file)
    yield from _wrong_route(file.route, ("route",), {policy.name for policy in file.policy})


def _repeated(noun: str, names: Sequence[str]) -> Wrong:
    for position, name in enumerate(names):
        if name in names[:position]:
            yield (noun, position, "name"), f"{name!r} is there already"


def _wrong_people(file: _File) -> Wrong:
    names = {person.name for person in file.person}
    for position, person in enumerate(file.person):
        try:
            zone_named(person.timezone)
        except ValueError as error:
            yield ("person", position, "timezone"), str(error)
        try:
            parse_calendar(person.quiet or "24x7", person.timezone)
        except CalendarError as error:
            yield ("person", position, "quiet"), str(error)
        for number, channel in enumerate(person.channels):
            if bool(channel.url) == bool(channel.url_file):
                yield ("person", position, "channel", number), "says either url or url_file"
    for position, team in enumerate(file.team):
        yield from _unknown(("team", position, "members"), team.members, names, "person")


def _wrong_schedules(file: _File) -> Wrong:
    names = {person.name for person in file.person}
    for position, schedule in enumerate(file.schedule):
        try:
            zone_named(schedule.timezone)
        except ValueError as error:
            yield ("schedule", position, "timezone"), str(error)
            continue
        for number, rotation in enumerate(schedule.rotations):
            key = ("schedule", position, "rotation", number)
            if why := rotation_error(rotation, schedule.timezone):
                yield key, why
            yield from _unknown((*key, "turns"), [one for turn in rotation.turns for one in turn], names, "person")


def _wrong_policies(file: _File) -> Wrong:
    known = {f"person:{one.name}" for one in file.person} | {f"team:{one.name}" for one in file.team}
    known |= {f"schedule:{one.name}" for one in file.schedule}
    for position, policy in enumerate(file.policy):
        for number, step in enumerate(policy.step):
            key = ("policy", position, "step", number)
            yield from _unknown((*key, "targets"), step.targets, known, "target")
            yield from _wrong_length((*key, "delay"), step.delay)


def _wrong_route(route: _Route, key: KeyPath, policies: set[str]) -> Wrong:
    for text in route.matchers:
        try:
            parse_matcher(text)
        except ValueError as error:
            yield (*key, "matchers"), str(error)
    if route.policy is not None:
        yield from _unknown((*key, "policy"), [route.policy], policies, "policy")
    for name in ("group_wait", "group_interval", "repeat_interval"):
        yield from _wrong_length((*key, name), getattr(route, name) or "0s")
    for position, child in enumerate(route.route):
        yield from _wrong_route(child, (*key, "route", position), policies)


def _unknown(key: KeyPath, named: Iterable[str], known: set[str], noun: str) -> Wrong:
    for name in named:
        if name not in known:
            yield key, f"{name!r} is no {noun} of this file"


def _wrong_length(key: KeyPath, text: str) -> Wrong:
    try:
        parse_duration_s(text)
    except ValueError as error:
        yield key, str(error)


def _policy(policy: _Policy) -> EscalationPolicy:
    steps = tuple(Step(step.targets, parse_duration_s(step.delay)) for step in policy.step)
    return EscalationPolicy(policy.name, steps, policy.repeat)


def _route(route: _Route) -> Route:
    return Route(
        name=route.name,
        matchers=tuple(map(parse_matcher, route.matchers)),
        policy=route.policy,
        group_by=route.group_by,
        group_wait_s=_seconds(route.group_wait),
        group_interval_s=_seconds(route.group_interval),
        repeat_interval_s=_seconds(route.repeat_interval),
        goes_on=route.goes_on,
        routes=tuple(map(_route, route.route)),
    )


def _seconds(text: str | None) -> float | None:
    return None if text is None else parse_duration_s(text)
