"""Where trouble belongs: to an incident that is open, as the same trouble or as impact of its cause, or to a new one.

Pure: what depends on what comes with each trouble, what is open with the board. Times and numbers are the caller's.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, KeysView, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

import msgspec

from cmdb.model.incident import Effect, Incident
from cmdb.practices.incident import LASTING

# A check of these types that is critical says that something is scarce or about to end, not that it is down.
SAYS_NOTHING_OF_DOWN = frozenset(
    {"load", "memory", "swap", "filesystem", "disk", "tls", "certificate", "ntp", "network", "file", "log", "age"}
)


@dataclass(frozen=True)
class Trouble:
    """A check that is hard bad.

    `key` is what two checks of the same trouble share; `upstream` maps each CI that this one depends on to how
    (`web depends on esx-4`), nearest first; `down` says that its CI is out of service, so that others suffer.
    `labels` and `text` are what an outside source said; the CI is "" where it named none. `blocked_by` are the CIs
    that keep it from being reached.
    """

    check: str
    ci: str
    ci_name: str
    key: str
    title: str
    severity: str
    since: datetime
    down: bool = False
    upstream: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    blocked_by: tuple[str, ...] = ()


class Verdict(enum.Enum):
    """What to do with a trouble."""

    KNOWN = enum.auto()  # it is part of that incident already
    JOIN = enum.auto()
    OPEN = enum.auto()
    HELD = enum.auto()  # it cannot be reached: nobody is told, unless it belongs to an open incident


@dataclass(frozen=True)
class Placed:
    """Where a trouble goes: `number` is the incident's (None: a new one), `effect` what it is there."""

    verdict: Verdict
    effect: Effect
    number: int | None = None


class Standing:
    """What an open incident is made of, read once: its checks, bad and recovered, and the CIs that are down by it."""

    def __init__(self, incident: Incident) -> None:
        number, shared = incident.number, shared_ci(incident.key)
        bad = [effect for effect in incident.effects if effect.recovered_at is None]
        self.incident = incident
        self.bad = {effect.check: number for effect in bad}
        self.recovered = {effect.check: number for effect in incident.effects if effect.recovered_at is not None}
        self.down = {effect.ci: number for effect in bad if effect.down and effect.role in LASTING}
        if shared and self.down:
            self.down[shared] = number


class Board:
    """The open incidents, and which CIs are down according to them. `known` are those that were read already."""

    def __init__(self, incidents: Iterable[Incident], known: Mapping[int, Standing] = MappingProxyType({})) -> None:
        self._by_key: dict[str, int] = {}
        self._bad: dict[str, int] = {}
        self._recovered: dict[str, int] = {}
        self._down: dict[str, int] = {}
        for incident in incidents:
            standing = known.get(incident.number)
            self._take(standing if standing is not None and standing.incident is incident else Standing(incident))

    def take(self, incident: Incident) -> None:
        """This incident is open."""
        self._take(Standing(incident))

    def add(self, number: int, effect: Effect) -> None:
        """This bad check is part of an open incident."""
        self._bad[effect.check] = number
        if effect.down and effect.role in LASTING:
            self._down[effect.ci] = number

    @property
    def down(self) -> KeysView[str]:
        return self._down.keys()

    def is_down(self, ci: str) -> bool:
        return ci in self._down

    def number_of(self, check: str) -> int | None:
        """The incident that this check is part of."""
        number = self._bad.get(check)
        return self._recovered.get(check) if number is None else number

    def place(
        self, trouble: Trouble, hold_down: str, explains: Callable[[Collection[str], str], bool] = lambda *_: True
    ) -> Placed:
        """Where this trouble belongs now; `hold_down` says in words how long impact is held back.

        `explains` says whether what is down takes down a CI that stands on it: redundancy may hold it up.
        """
        if (known := self.number_of(trouble.check)) is not None:
            return Placed(Verdict.KNOWN, _effect(trouble, "cause"), known)
        if trouble.key in self._by_key:
            return Placed(Verdict.JOIN, _effect(trouble, "duplicate"), self._by_key[trouble.key])
        itself = {} if trouble.down else {trouble.ci: f"it is about {trouble.ci_name}"}
        for ci, how in {**itself, **trouble.upstream}.items():
            if ci in self._down and (ci in itself or explains(self.down, trouble.ci)):
                number = self._down[ci]
                return Placed(Verdict.JOIN, _effect(trouble, "impact", held_back(how, number, hold_down)), number)
        return Placed(Verdict.HELD if trouble.blocked_by else Verdict.OPEN, _effect(trouble, "cause"))

    def _take(self, standing: Standing) -> None:
        self._by_key[standing.incident.key] = standing.incident.number
        self._bad.update(standing.bad)
        self._recovered.update(standing.recovered)
        self._down.update(standing.down)


def causes_first(troubles: Iterable[Trouble]) -> Sequence[Trouble]:
    """The troubles with causes before what depends on them: who depends on fewest others comes first."""
    return sorted(troubles, key=lambda trouble: (len(trouble.upstream), not trouble.down, trouble.since, trouble.check))


def explained_by(incident: Incident, upstream: Mapping[str, Mapping[str, str]]) -> set[str]:
    """The CIs whose going down would explain all causes of this incident; `upstream` is by CI what it depends on."""
    explained: set[str] | None = None
    for effect in incident.effects:
        if effect.role in LASTING:
            own = set() if effect.down else {effect.ci}
            on = upstream.get(effect.ci, {}).keys() - {effect.ci} | own
            explained = on if explained is None else explained & on
            if not explained:
                break
    return explained or set()


def shared_key(ci: str) -> str:
    """The key of what is wrong with a CI as a whole, whichever check saw it."""
    return f"ci:{ci}"


def shared_ci(key: str) -> str | None:
    """The CI of such a key."""
    return key.removeprefix("ci:") if key.startswith("ci:") else None


def held_back(how: str, number: int, hold_down: str) -> str:
    return f"{how}, which is down; held back until INC-{number} has been well for {hold_down}"


def as_impact(effects: Iterable[Effect], why: Callable[[str], str]) -> list[Effect]:
    """The effects of a folded incident as they stand in the one of its cause; `why` says it of a CI."""
    return [msgspec.structs.replace(effect, role="impact", why=why(effect.ci)) for effect in effects]


def _effect(trouble: Trouble, role: str, why: str = "") -> Effect:
    return Effect(
        check=trouble.check, ci=trouble.ci, role=role, severity=trouble.severity, since=trouble.since,
        why=why, down=trouble.down,
    )  # fmt: skip
