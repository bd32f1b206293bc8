"""What a person decides: this is that (pin), these two are one (merge), they are two after all (unmerge).

Pure: records → changes. What a merge touched is kept in its decision, so that the record can be read as it was just
before and put back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from cmdb.identity.decide import PINS, candidate_keys, pins_of
from cmdb.identity.keys import Keys
from cmdb.model.change import Change, Put, Remove
from cmdb.model.ci import ConfigurationItem
from cmdb.model.decision import Decision, Review
from cmdb.model.kind import Kind, Record
from cmdb.model.relation import Relation, relation_id


class Unmergeable(ValueError):
    """These cannot be joined or parted; the text says why."""


@dataclass(frozen=True)
class Whole:
    """A CI with all that is on it and every relation of either."""

    ci: ConfigurationItem
    children: Sequence[ConfigurationItem] = ()
    relations: Sequence[Relation] = ()


@dataclass(frozen=True)
class Person:
    """Who decides, and when."""

    name: str
    at: datetime


def pin(ci: ConfigurationItem, keys: Keys, who: Person) -> list[Change]:
    """Observations with these comparable keys are this CI, whatever the rules say."""
    if not set(keys) - {"name", "domain"}:
        raise Unmergeable(f"an observation without keys cannot be pinned to {ci.name}")
    decision = _decision(ci, "pinned", f"operator pin: {ci.id}", who, keys=_plain(keys))
    return [Put(Kind.CI, _pinned(ci, keys), ci.version), Put(Kind.DECISION, decision, 0)]


def settled(review: Review, answer: str, who: Person) -> Put:
    """The review, answered."""
    after = msgspec.structs.replace(review, state="settled", answer=answer, settled_at=who.at, settled_by=who.name)
    return Put(Kind.REVIEW, after, review.version)


def merge(kept: Whole, dropped: Whole, who: Person) -> list[Change]:
    """The dropped record becomes part of the kept one: its keys, what only it has, and its relations."""
    if kept.ci.id == dropped.ci.id:
        raise Unmergeable(f"{kept.ci.name} is one already")
    if kept.ci.class_ != dropped.ci.class_:
        raise Unmergeable(f"{kept.ci.name} is a {kept.ci.class_}, {dropped.ci.name} a {dropped.ci.class_}")
    ids = _new_ids(kept, dropped)
    changes: list[Change] = [Put(Kind.CI, _joined(kept.ci, dropped.ci), kept.ci.version)]
    changes += _children(kept, dropped, ids)
    changes += _relations(kept, dropped, ids)
    touched = tuple((change.kind.value, _id(change)) for change in changes)
    decision = _decision(
        kept.ci, "merged", f"{dropped.ci.name} ({dropped.ci.id}) is {kept.ci.name}", who, touched=touched
    )
    return [*changes, Put(Kind.DECISION, decision, 0)]


def unmerge(
    decision: Decision, before: Sequence[Record | None], now: Sequence[Record | None], who: Person
) -> list[Change]:
    """Put back what a merge touched; both CIs are pinned to their own keys, so that they stay two.

    `before` and `now` are the touched records, in their order, just before the merge and today (None: not there).
    """
    if decision.outcome != "merged" or decision.undone:
        raise Unmergeable("this decision is no merge" if decision.outcome != "merged" else "it was undone already")
    changes: list[Change] = []
    for (kind, id_), old, current in zip(decision.touched, before, now, strict=True):
        if old is not None:
            changes.append(Put(Kind(kind), _own(old), 0 if current is None else current.version))
        elif current is not None:
            changes.append(Remove(Kind(kind), id_, current.version))
    undone = msgspec.structs.replace(decision, undone=True)
    parted = msgspec.structs.replace(_decision(None, "parted", f"undid: {decision.rule}", who), ci=decision.ci)
    return [*changes, Put(Kind.DECISION, undone, decision.version), Put(Kind.DECISION, parted, 0)]


def _own(record: Record) -> Record:
    """A host is pinned to its own keys; anything else is put back as it was."""
    if isinstance(record, ConfigurationItem) and record.host == record.id:
        return _pinned(record, candidate_keys(record))
    return record


def _pinned(ci: ConfigurationItem, keys: Keys) -> ConfigurationItem:
    known = pins_of(ci)
    wanted = _plain({name: value for name, value in keys.items() if name not in {"name", "domain"}})
    return (
        ci if not wanted or wanted in known else msgspec.structs.replace(ci, keys={**ci.keys, PINS: [*known, wanted]})
    )


def _joined(kept: ConfigurationItem, dropped: ConfigurationItem) -> ConfigurationItem:
    joined = msgspec.structs.replace(
        kept,
        keys={**dropped.keys, **kept.keys},
        attributes={**dropped.attributes, **kept.attributes},
        overrides={**dropped.overrides, **kept.overrides},
        sources={**dropped.sources, **kept.sources},
        first_seen=min(kept.first_seen, dropped.first_seen),
    )
    for keys in [*pins_of(dropped), candidate_keys(dropped)]:
        joined = _pinned(joined, keys)
    return joined


def _new_ids(kept: Whole, dropped: Whole) -> dict[str, str]:
    """What each id of the dropped side becomes: the same item of the kept side where there is one, else itself."""
    own = {(child.class_, child.key): child.id for child in kept.children}
    ids = {child.id: own.get((child.class_, child.key), child.id) for child in dropped.children}
    return {**ids, dropped.ci.id: kept.ci.id}


def _children(kept: Whole, dropped: Whole, ids: dict[str, str]) -> Iterable[Change]:
    for child in dropped.children:
        if ids[child.id] == child.id:
            yield Put(Kind.CI, msgspec.structs.replace(child, host=kept.ci.id), child.version)
        else:
            yield Remove(Kind.CI, child.id, child.version)
    yield Remove(Kind.CI, dropped.ci.id, dropped.ci.version)


def _relations(kept: Whole, dropped: Whole, ids: dict[str, str]) -> Iterable[Change]:
    known = {relation.id for relation in kept.relations}
    for relation in dropped.relations:
        source, target = ids.get(relation.source, relation.source), ids.get(relation.target, relation.target)
        id_ = relation_id(source, relation.type, target)
        if id_ == relation.id:
            continue
        yield Remove(Kind.RELATION, relation.id, relation.version)
        if id_ not in known and source != target:
            known.add(id_)
            moved = msgspec.structs.replace(relation, id=id_, version=0, source=source, target=target)
            yield Put(Kind.RELATION, moved, 0)


def _decision(ci: ConfigurationItem | None, outcome: str, rule: str, who: Person, **more: Any) -> Decision:
    return Decision(
        id=f"decision-{_digest(outcome, rule, who)}",
        ci=None if ci is None else ci.id,
        at=who.at,
        source=f"person {who.name}",
        outcome=outcome,
        rule=rule,
        name="" if ci is None else ci.name,
        actor=who.name,
        **more,
    )


def _digest(outcome: str, rule: str, who: Person) -> str:
    return hashlib.blake2s(f"{outcome}\0{rule}\0{who}".encode(), digest_size=6).hexdigest()


def _plain(keys: Keys) -> Keys:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in keys.items()}


def _id(change: Change) -> str:
    return change.record.id if isinstance(change, Put) else change.id
