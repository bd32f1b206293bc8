"""What a report changes: what is on record and what was seen → changes. Not which host it is: `cmdb.identity`.

Children are found by host, class and key. A section speaks only for itself: what an `ok` section no longer lists goes
missing and, after its grace, is retired; a partial one adds and updates; one that was denied or timed out says nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec

from agent.discovery.sections import BY_NAME, OBSERVATIONS, section_of
from agent.wire import Item, SectionOutcome
from cmdb.model.change import Change, Put, Remove
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.model.relation import RELATION_TYPES, Relation, relation_id
from cmdb.precedence import AGENT, written

Name = tuple[str, str]  # class and key: what an item is called within its host


@dataclass(frozen=True)
class Policy:
    """How long something may be missing before it is retired: this many reports and this long."""

    grace_reports: int = 3
    grace: timedelta = timedelta(hours=24)


@dataclass(frozen=True)
class Seen:
    """One section of a report; `items` is None where it gave none or none were asked for.

    `gone` is None where they are all; else they are what changed since the report before, and `gone` what is no more.
    """

    outcome: SectionOutcome
    items: Sequence[Item] | None = None
    gone: Set[Name] | None = None

    @property
    def is_sure(self) -> bool:
        """Whether an item is as it lists it, with nothing besides."""
        return self.outcome.outcome == "ok" and self.items is not None

    @property
    def is_whole(self) -> bool:
        """Whether what it does not list is not there."""
        return self.is_sure and self.gone is None

    @property
    def is_unchanged(self) -> bool:
        """Whether it was looked at, and what it does not mention is as it was at the report before."""
        return self.outcome.outcome == "ok" and not self.is_whole


@dataclass(frozen=True)
class OnRecord:
    """The host, everything on it and the relations that start there."""

    host: ConfigurationItem | None = None
    children: Sequence[ConfigurationItem] = ()
    relations: Sequence[Relation] = ()


def child_id(host_id: str, class_: str, key: str) -> str:
    """The id of this host's item: the same in every report, so that order and repetition make no difference."""
    digest = hashlib.blake2s(f"{host_id}\0{class_}\0{key}".encode(), digest_size=8).hexdigest()
    return f"{class_}-{digest}"


def reconcile(
    host_id: str,
    record: OnRecord,
    report: Sequence[Seen],
    *,
    source: str,
    at: datetime,
    policy: Policy | None = None,
    heard: Mapping[str, datetime] = MappingProxyType({}),
) -> list[Change]:
    """The changes that make the record say what the report saw; none when it says so already.

    `last_seen` moves when an item is written: that an unchanged one is still there is said by its agent's record,
    which keeps when each section was last reported. A lesser source than the agent is told by `heard` when the
    agent last spoke, so that it knows whether its values are stale.
    """
    known = {(child.class_, child.key): child for child in record.children}
    if record.host is not None:
        known["host", "host"] = record.host
    seen = {(item.class_, item.key): (section, item) for section in report for item in _items(section)}
    ids = _Ids(host_id, known, seen, report)
    changes: list[Change] = []
    for name, (section, item) in seen.items():
        before = known.get(name)
        if before is not None and _says_nothing_new(before, item, host_id, source):
            continue
        after = _observed(ids.of(name), host_id, before, item, section, source, at, heard)
        if before is None or _differ(before, after):
            changes.append(Put(Kind.CI, after, before.version if before else 0))
    gone = list(_missing(known, seen, report, at, policy or Policy()))
    retired = {item.id for item in gone if item.status == "retired"}
    changes.extend(Put(Kind.CI, item, item.version) for item in gone)
    changes.extend(_relations(ids, record.relations, seen, retired, source, at))
    return changes


def look_again_at(items: Iterable[ConfigurationItem], policy: Policy) -> datetime | None:
    """From when on a report counts though it has no news: it makes something that is missing longer so, or retired."""
    return min(
        (
            item.missing_since if item.missing_reports < policy.grace_reports else item.missing_since + policy.grace
            for item in items
            if item.status == "missing" and item.missing_since is not None
        ),
        default=None,
    )


def _items(section: Seen) -> Iterable[Item]:
    """What it lists that is an item of the record; a connection is not, but what dependencies are mapped from."""
    return () if section.outcome.name in OBSERVATIONS else section.items or ()


class _Ids:
    """Names of items → ids, of those on record, those in the report, and those that a section could not say."""

    def __init__(
        self, host_id: str, known: Mapping[Name, ConfigurationItem], seen: Iterable[Name], report: Iterable[Seen]
    ) -> None:
        self._host_id = host_id
        self._ids = {name: item.id for name, item in known.items()}
        for name in seen:
            if name not in self._ids:
                self._ids[name] = host_id if name[0] == "host" else child_id(host_id, *name)
        self._own = {host_id, *self._ids.values()}
        self._silent = {section.outcome.name for section in report if section.outcome.outcome != "ok"}

    def of(self, name: Name) -> str:
        """Of an item that is on record or in the report."""
        return self._ids[name]

    def is_own(self, id_: str) -> bool:
        """Whether this is the host or on it: of others its agent says nothing."""
        return id_ in self._own

    def target(self, name: Name) -> str | None:
        """The id of a relation's target; None when its section was looked at whole and does not list it."""
        id_ = self._ids.get(name)
        if id_ is not None:
            return id_
        section = section_of(*name)
        could_not_be_listed = section is not None and section.name in self._silent
        if not could_not_be_listed:
            return None
        return self._host_id if name[0] == "host" else child_id(self._host_id, *name)


def _observed(
    id_: str,
    host_id: str,
    before: ConfigurationItem | None,
    item: Item,
    section: Seen,
    source: str,
    at: datetime,
    heard: Mapping[str, datetime],
) -> ConfigurationItem:
    """The item as this report makes it. A partial section adds to what is known and takes nothing away."""
    if before is None:
        return ConfigurationItem(
            id=id_,
            class_=item.class_,
            name=item.name,
            host=host_id,
            key=item.key,
            attributes=item.attributes,
            metrics=item.metrics,
            keys=item.keys,
            sources={source: at},
            origins={} if source == AGENT else dict.fromkeys(item.attributes, source),
            first_seen=at,
            last_seen=at,
        )
    whole = section.is_sure
    wrote = written(before, item.attributes, source, whole=whole, at=at, heard=heard)
    return msgspec.structs.replace(
        before,
        class_=item.class_,
        name=item.name,
        host=host_id,
        key=item.key,
        status="in_use",
        attributes=wrote.attributes,
        origins=wrote.origins,
        metrics=item.metrics if whole else {**before.metrics, **item.metrics},
        keys={**before.keys, **item.keys},
        missing_since=None,
        missing_reports=0,
        sources={**before.sources, source: at},
        last_seen=at,
    )


def _says_nothing_new(before: ConfigurationItem, item: Item, host_id: str, source: str) -> bool:
    """Whether the item is on record just so: what most items of most reports are, found out with the least work."""
    return (
        before.host == host_id
        and source in before.sources
        and not before.origins
        and before.status == "in_use"
        and before.attributes == item.attributes
        and before.metrics == item.metrics
        and before.name == item.name
        and item.keys.items() <= before.keys.items()
    )


def _differ(before: ConfigurationItem, after: ConfigurationItem) -> bool:
    """Whether more than the moment of this report changed."""
    return msgspec.structs.replace(after, sources=before.sources, last_seen=before.last_seen) != before


def _missing(
    known: Mapping[Name, ConfigurationItem],
    seen: Mapping[Name, tuple[Seen, Item]],
    report: Sequence[Seen],
    at: datetime,
    policy: Policy,
) -> Iterator[ConfigurationItem]:
    """What a whole section does not list, what one of differences says is gone, and what was missing and still is."""
    whole = [BY_NAME[one.outcome.name] for one in report if one.is_whole and one.outcome.name in BY_NAME]
    unchanged = [BY_NAME[one.outcome.name] for one in report if one.is_unchanged and one.outcome.name in BY_NAME]
    gone = {name for one in report if one.is_sure for name in one.gone or ()}
    for name, item in known.items():
        if name in seen or item.status == "retired":
            continue
        still_missing = item.status == "missing" and any(section.owns(*name) for section in unchanged)
        if still_missing or name in gone or any(section.owns(*name) for section in whole):
            after = longer_missing(item, at, policy)
            if after != item:
                yield after


def longer_missing(item: ConfigurationItem, at: datetime, policy: Policy) -> ConfigurationItem:
    """Missing from one report more. Once it was from enough, it only waits for its time: nothing is written."""
    since = item.missing_since or at
    reports = min(item.missing_reports + 1, policy.grace_reports)
    over = reports >= policy.grace_reports and at - since >= policy.grace
    return msgspec.structs.replace(
        item, status="retired" if over else "missing", missing_since=since, missing_reports=reports
    )


def _relations(
    ids: _Ids,
    on_record: Sequence[Relation],
    seen: Mapping[Name, tuple[Seen, Item]],
    retired: Set[str],
    source: str,
    at: datetime,
) -> Iterator[Change]:
    known = {relation.id: relation for relation in on_record}
    wanted: set[str] = set()
    new: dict[str, Relation] = {}
    spoken_for = set(retired)
    for name, (section, item) in seen.items():
        own_id = ids.of(name)
        if section.is_sure:
            spoken_for.add(own_id)
        for type_, class_, key in item.relations:
            target = ids.target((class_, key))
            if target is None or type_ not in RELATION_TYPES:
                continue
            id_ = relation_id(own_id, type_, target)
            wanted.add(id_)
            if id_ not in known:
                new[id_] = Relation(
                    id=id_,
                    source=own_id,
                    type=type_,
                    target=target,
                    first_seen=at,
                    last_seen=at,
                    evidence={"source": source},
                )
    yield from (Put(Kind.RELATION, relation, 0) for relation in new.values())
    for id_, relation in known.items():
        if id_ in wanted or relation.source not in spoken_for:
            continue
        if relation.evidence.get("source") == source and ids.is_own(relation.target):
            yield Remove(Kind.RELATION, id_, relation.version)
