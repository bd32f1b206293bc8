"""One observation and all candidates → which CI it is, a new one, or a question for a person."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cmdb.identity.compare import Comparison, compare
from cmdb.identity.keys import ORDER, Keys, comparable
from cmdb.identity.rules import IdentityPolicy, Pair, Ruling, Verdict, judge
from cmdb.model.ci import ConfigurationItem

# What a container's virtualisation is called by discovery.
CONTAINERS = frozenset({"docker", "podman", "lxc", "lxc-libvirt", "systemd-nspawn", "rkt", "kubepods", "openvz"})
PINS = "pins"  # what a record keeps them under, among its keys
# A pin holds as long as none of these contradicts it.
_PINNING = frozenset({"cloud", "container", "dmi_uuid", "serial", "machine_id", "macs"})


class Outcome(enum.StrEnum):
    SAME = "same"
    NEW = "new"
    REVIEW = "review"
    REFUSED = "refused"


@dataclass(frozen=True)
class Observation:
    """A host as a source saw it. `is_whole`: its host section is there, so that a new CI can be made of it.

    `continues` is the CI that came over this very connection before: a machine that was copied has its own.
    """

    keys: Mapping[str, Any]
    in_container: bool = False
    is_whole: bool = True
    continues: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A CI that the observation may be of, and when it last reported (None: never, or nobody knows)."""

    ci: ConfigurationItem
    last_report: datetime | None = None


@dataclass(frozen=True)
class Judged:
    """A candidate with what was compared and what the rules said."""

    ci: ConfigurationItem
    comparison: Comparison
    ruling: Ruling

    @property
    def strength(self) -> int:
        """The strongest agreeing key's place in the order; 0 is the strongest."""
        agreeing = [ORDER.index(name) for name in self.comparison.agreeing if name in ORDER]
        return min(agreeing, default=len(ORDER))


@dataclass(frozen=True)
class Identified:
    """The answer. `ci` is the one that matched; `about` those that the question is about, likeliest first."""

    outcome: Outcome
    rule: str
    keys: Keys
    ci: ConfigurationItem | None = None
    judged: tuple[Judged, ...] = ()
    about: tuple[ConfigurationItem, ...] = ()
    events: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    moved_from: str | None = None


def identify(
    observation: Observation, candidates: Sequence[Candidate], at: datetime, policy: IdentityPolicy | None = None
) -> Identified:
    """Judge every candidate; their order makes no difference."""
    keys = comparable(observation.keys, in_container=observation.in_container)
    judged = tuple(
        _judged(observation, keys, candidate, at, policy or IdentityPolicy())
        for candidate in sorted(candidates, key=lambda candidate: candidate.ci.id)
    )
    same = _live_first([one for one in judged if one.ruling.verdict is Verdict.SAME])
    unsure = sorted((one for one in judged if one.ruling.verdict is Verdict.REVIEW), key=lambda one: one.strength)
    if len(same) > 1:
        about = tuple(one.ci for one in sorted(same, key=lambda one: one.strength))
        return Identified(Outcome.REVIEW, "several records match", keys, None, judged, about)
    if same and not (unsure and unsure[0].strength < same[0].strength):
        return _matched(same[0], keys, judged)
    if unsure:
        about = tuple(one.ci for one in [*unsure, *same])
        return Identified(Outcome.REVIEW, unsure[0].ruling.rule, keys, None, judged, about)
    if not observation.is_whole:
        return Identified(Outcome.REFUSED, "partial report of an unknown host", keys, None, judged)
    return _new(keys, judged)


def candidate_keys(ci: ConfigurationItem) -> Keys:
    """The comparable keys of a record."""
    return comparable(ci.keys, in_container=ci.attributes.get("virtualisation") in CONTAINERS)


def pins_of(ci: ConfigurationItem) -> list[Keys]:
    """The keys of observations that a person said are this CI."""
    return [pin for pin in ci.keys.get(PINS, ()) if isinstance(pin, dict)]


def pin_holds(pin: Keys, keys: Keys) -> bool:
    """Whether these are the keys that were pinned: something but the name agrees, nothing of weight differs."""
    found = compare(_tuples(pin), keys)
    return bool(set(found.agreeing) - {"name"}) and not _PINNING & set(found.differing)


def _judged(observation: Observation, keys: Keys, candidate: Candidate, at: datetime, policy: IdentityPolicy) -> Judged:
    comparison = compare(candidate_keys(candidate.ci), keys)
    silence: timedelta | None = None if candidate.last_report is None else at - candidate.last_report
    pair = Pair(
        keys=comparison,
        silence=silence,
        continues=observation.continues == candidate.ci.id,
        pinned=any(pin_holds(pin, keys) for pin in pins_of(candidate.ci)),
        policy=policy,
    )
    return Judged(candidate.ci, comparison, judge(pair))


def _live_first(same: list[Judged]) -> list[Judged]:
    """A person's word before all rules; a record in use before retired ones."""
    pinned = [one for one in same if one.ruling.rule == "operator pin"]
    live = [one for one in pinned or same if one.ci.status != "retired"]
    return live or pinned or same


def _matched(found: Judged, keys: Keys, judged: tuple[Judged, ...]) -> Identified:
    events = []
    if found.comparison.differ("machine_id") and found.comparison.strong:
        events.append("reinstalled")
    if found.ruling.rule.startswith("board replaced"):
        events.append("board replaced")
    if found.ci.status == "retired":
        events.append("reactivated")
    warnings = _warnings(one for one in judged if one is not found)
    return Identified(Outcome.SAME, found.ruling.rule, keys, found.ci, judged, (), tuple(events), warnings)


def _new(keys: Keys, judged: tuple[Judged, ...]) -> Identified:
    moved = next((one for one in judged if one.ruling.moved), None)
    rule = min(judged, key=lambda one: one.strength).ruling.rule if judged else "nothing on record has these keys"
    events = ("disk moved",) if moved else ()
    return Identified(
        Outcome.NEW, rule, keys, None, judged, (), events, _warnings(judged), moved.ci.id if moved else None
    )


def _warnings(judged: Any) -> tuple[str, ...]:
    return tuple(f"{warning}: {one.ci.name} ({one.ci.id})" for one in judged for warning in one.ruling.warnings)


def _tuples(keys: Keys) -> Keys:
    """Keys as `comparable` makes them, of those that came back from the store: lists there were tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in keys.items()}
