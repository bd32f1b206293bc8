"""One observation and one candidate: the rules, in order; the first that fires decides.

A match is made on the strongest key that both sides have, provided that no stronger one contradicts. What only looks
like a match because a machine was copied is told by who else is reporting: a copy of a machine that still reports is
another machine; of one that has fallen silent, nobody can say.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cmdb.identity.compare import Comparison


class Verdict(enum.StrEnum):
    """What a rule concludes about one candidate."""

    SAME = "same"
    DIFFERENT = "different"
    REVIEW = "review"


@dataclass(frozen=True)
class IdentityPolicy:
    """`interval` is how often a host reports: one that did within it is alive. Silent after `silent_intervals`."""

    interval: timedelta = timedelta(minutes=5)
    accept_name_only: bool = False


@dataclass(frozen=True)
class Pair:
    """What the rules look at. `silence` is since the candidate's last report (None: it never reported).

    `continues`: the observation came over the very connection on which the candidate reported before.
    """

    keys: Comparison
    silence: timedelta | None = None
    continues: bool = False
    pinned: bool = False
    policy: IdentityPolicy = IdentityPolicy()

    @property
    def is_alive(self) -> bool:
        return self.silence is not None and self.silence <= self.policy.interval


@dataclass(frozen=True)
class Ruling:
    """`rule` is a name for people; `warnings` what they should know; `moved` that a disk went into other hardware."""

    verdict: Verdict
    rule: str
    warnings: tuple[str, ...] = ()
    moved: bool = False


Rule = Callable[[Pair], Ruling | None]


def judge(pair: Pair) -> Ruling:
    """The first ruling of the table."""
    for rule in RULES:
        if (ruling := rule(pair)) is not None:
            return ruling
    return Ruling(Verdict.DIFFERENT, "nothing agrees")


def _pin(pair: Pair) -> Ruling | None:
    return Ruling(Verdict.SAME, "operator pin") if pair.pinned else None


def _cloud(pair: Pair) -> Ruling | None:
    if pair.keys.agree("cloud"):
        return Ruling(Verdict.SAME, "cloud instance")
    return _another("cloud instance differs", pair) if pair.keys.differ("cloud") else None


def _container(pair: Pair) -> Ruling | None:
    if pair.keys.agree("container"):
        return Ruling(Verdict.SAME, "container on its host")
    return Ruling(Verdict.DIFFERENT, "another container") if pair.keys.differ("container") else None


def _uuid(pair: Pair) -> Ruling | None:
    if not pair.keys.agree("dmi_uuid"):
        return None
    if pair.keys.differ("serial"):
        return Ruling(Verdict.REVIEW, "system UUID agrees, serial differs")
    return _copy(pair) or Ruling(Verdict.SAME, "system UUID")


def _other_uuid(pair: Pair) -> Ruling | None:
    keys = pair.keys
    if not keys.differ("dmi_uuid"):
        return None
    chassis = keys.agree("chassis_serial") or (keys.agree("serial") and not keys.differ("chassis_serial"))
    if chassis and keys.agree("machine_id") and not keys.differ("disk_serials"):
        return Ruling(Verdict.SAME, "board replaced: chassis and machine-id agree")
    if keys.agree("serial") and (keys.weak or keys.agree("disk_serials")):
        return Ruling(Verdict.REVIEW, "system UUID differs, serial agrees")
    return _other_hardware("system UUID differs", pair)


def _serial(pair: Pair) -> Ruling | None:
    if pair.keys.agree("serial"):
        return _copy(pair) or Ruling(Verdict.SAME, "system serial")
    return _other_hardware("system serial differs", pair) if pair.keys.differ("serial") else None


def _agent_key(pair: Pair) -> Ruling | None:
    if not pair.keys.agree("agent_key"):
        return None
    return _copy(pair) or Ruling(Verdict.SAME, "agent enrolment key")


def _weak(pair: Pair) -> Ruling | None:
    weak = pair.keys.weak
    names = ", ".join(weak)
    if len(weak) >= 3 or (len(weak) == 2 and pair.keys.strongest_weak_agrees):
        return _copy(pair) or Ruling(Verdict.SAME, f"weak keys agree: {names}")
    if len(weak) == 2:
        return Ruling(Verdict.REVIEW, f"{names} agree, a stronger key differs")
    return None


def _one_weak(pair: Pair) -> Ruling | None:
    if not pair.keys.weak:
        return None
    (name,) = pair.keys.weak
    if not pair.keys.strongest_weak_agrees:
        return _another(f"only {name} agrees, a stronger key differs", pair)
    if _looks_copied(pair.keys) and pair.is_alive:
        return _another(f"only {name} agrees, and both report", pair)
    if name == "name" and pair.policy.accept_name_only:
        return Ruling(Verdict.SAME, "name, accepted by policy")
    return Ruling(Verdict.REVIEW, f"only {name} agrees")


RULES: tuple[Rule, ...] = (_pin, _cloud, _container, _uuid, _other_uuid, _serial, _agent_key, _weak, _one_weak)


def _copy(pair: Pair) -> Ruling | None:
    """What would be a match, were the observation not of a machine with other cards and another name."""
    if pair.continues or not _looks_copied(pair.keys):
        return None
    if pair.is_alive:
        return Ruling(Verdict.DIFFERENT, "conflict: two machines report with these keys", ("alternation detected",))
    return Ruling(Verdict.REVIEW, "same keys, but other network cards and another name")


def _looks_copied(keys: Comparison) -> bool:
    """Other cards and another name. A new machine-id beside hardware's own keys is a new installation of it."""
    reinstalled = keys.differ("machine_id") and bool({"dmi_uuid", "serial"} & set(keys.agreeing))
    return keys.differ("cards", "name") and not reinstalled


def _other_hardware(rule: str, pair: Pair) -> Ruling:
    """Other hardware with the same installation: its disk was put there, or the machine was copied."""
    keys = pair.keys
    # Without serials of disks: a copy is given a name of its own, a moved disk keeps it.
    own_name = keys.differ("name") or keys.differ("disk_serials")
    same_disk = keys.agree("disk_serials") or (keys.differ("serial") and not own_name)
    if keys.agree("machine_id") and same_disk and not pair.is_alive:
        return Ruling(Verdict.DIFFERENT, f"{rule}, machine-id agrees: the disk moved", moved=True)
    return _another(rule, pair)


def _another(rule: str, pair: Pair) -> Ruling:
    copied = {"machine_id": "machine-id", "ssh_host_key": "SSH host key", "agent_key": "agent key"}
    warnings = tuple(f"cloned {word}" for key, word in copied.items() if pair.keys.agree(key))
    return Ruling(Verdict.DIFFERENT, rule, warnings)
