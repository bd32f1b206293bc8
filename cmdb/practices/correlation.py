"""Where trouble belongs: to an incident that is open, as the same trouble or as impact of its cause, or to a new one.

Pure: what depends on what comes with each trouble, what is open with the board. Times and numbers are the caller's.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, KeysView, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from cmdb.model.effect import Effect, effect_id
from cmdb.model.incident import Incident
from cmdb.practices.incident_effects import LASTING, Effects

# A check of these types that is critical says that something is scarce or about to end, not that it is down.
SAYS_NOTHING_OF_DOWN = frozenset(
    {"load", "memory", "swap", "filesystem", "disk", "tls", "certificate", "ntp", "network", "file", "log", "age"}
)


@dataclass(frozen=True)
class Trouble:
    """A check that is hard bad.

    `key` is what two checks of the same trouble share; `upstream` maps each CI that this one depends on to how
    (`web depends on esx-4`), nearest first; `down` says that its CI is out of service, so that others suffer.
    `name` is what people call the check; `labels` and `text` are what an outside source said; the CI is "" where it
    named none. `blocked_by` are the CIs that keep it from being reached.
    """

    check: str
    ci: str
    ci_name: str
    key: str
    title: str
    severity: str
    since: datetime
    name: str = ""
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
    """Where a trouble goes: `number` is the incident's (None: a new one), `role` what it is there, `why` that."""

    verdict: Verdict
    number: int | None = None
    role: str = "cause"
    why: str = ""


class Board:
    """The open incidents, and which CIs are down according to them."""

    def __init__(self, incidents: Iterable[tuple[Incident, Effects]] = ()) -> None:
        self._by_key: dict[str, int] = {}
        self._bad: dict[str, int] = {}
        self._known: dict[str, int] = {}
        self._down: dict[str, int] = {}
        for incident, effects in incidents:
            self.take(incident, effects)

    def take(self, incident: Incident, effects: Effects) -> None:
        """This incident is open, and made of these."""
        number = incident.number
        self._by_key[incident.key] = number
        self._known.update(dict.fromkeys(effects.all, number))
        self._bad.update(dict.fromkeys(effects.bad, number))
        self._down.update(dict.fromkeys(down_by(incident, effects), number))

    def drop(self, incident: Incident, effects: Effects) -> None:
        """This incident is not open any more."""
        del self._by_key[incident.key]
        for check in effects.all:
            self._known.pop(check, None)
            self._bad.pop(check, None)
        for ci in down_by(incident, effects):
            self._down.pop(ci, None)

    def add(self, effect: Effect) -> None:
        """This bad check is part of an open incident."""
        self._bad[effect.check] = effect.incident
        if effect.down and effect.role in LASTING:
            self._down[effect.ci] = effect.incident

    @property
    def down(self) -> KeysView[str]:
        return self._down.keys()

    def is_down(self, ci: str) -> bool:
        return ci in self._down

    def number_of(self, check: str) -> int | None:
        """The incident that this check is part of."""
        number = self._bad.get(check)
        return self._known.get(check) if number is None else number

    def place(
        self, trouble: Trouble, hold_down: str, explains: Callable[[Collection[str], str], bool] = lambda *_: True
    ) -> Placed:
        """Where this trouble belongs now; `hold_down` says in words how long impact is held back.

        `explains` says whether what is down takes down a CI that stands on it: redundancy may hold it up.
        """
        if (known := self.number_of(trouble.check)) is not None:
            return Placed(Verdict.KNOWN, known)
        if trouble.key in self._by_key:
            return Placed(Verdict.JOIN, self._by_key[trouble.key], "duplicate")
        itself = {} if trouble.down else {trouble.ci: f"it is about {trouble.ci_name}"}
        for ci, how in {**itself, **trouble.upstream}.items():
            if ci in self._down and (ci in itself or explains(self.down, trouble.ci)):
                number = self._down[ci]
                return Placed(Verdict.JOIN, number, "impact", held_back(how, number, hold_down))
        return Placed(Verdict.HELD if trouble.blocked_by else Verdict.OPEN)


def causes_first(troubles: Iterable[Trouble]) -> Sequence[Trouble]:
    """The troubles with causes before what depends on them: who depends on fewest others comes first."""
    return sorted(troubles, key=lambda trouble: (len(trouble.upstream), not trouble.down, trouble.since, trouble.check))


def explained_by(effects: Effects, upstream: Mapping[str, Mapping[str, str]]) -> set[str]:
    """The CIs whose going down would explain all causes of an incident; `upstream` is by CI what it depends on."""
    explained: set[str] | None = None
    for effect in effects.lasting.values():
        own = set() if effect.down else {effect.ci}
        on = upstream.get(effect.ci, {}).keys() - {effect.ci} | own
        explained = on if explained is None else explained & on
        if not explained:
            break
    return explained or set()


def down_by(incident: Incident, effects: Effects) -> set[str]:
    """The CIs that are out of service as the incident's cause: also what two of them are sides of."""
    down, shared = effects.down, shared_ci(incident.key)
    return down | {shared} if shared and down else down


def shared_key(ci: str) -> str:
    """The key of what is wrong with a CI as a whole, whichever check saw it."""
    return f"ci:{ci}"


def shared_ci(key: str) -> str | None:
    """The CI of such a key."""
    return key.removeprefix("ci:") if key.startswith("ci:") else None


def held_back(how: str, number: int, hold_down: str) -> str:
    return f"{how}, which is down; held back until INC-{number} has been well for {hold_down}"


def moved(effects: Iterable[Effect], number: int) -> list[Effect]:
    """These effects as they are in another incident, of which they are no part yet."""
    return [
        msgspec.structs.replace(one, id=effect_id(number, one.check), incident=number, version=0) for one in effects
    ]


def as_impact(effects: Iterable[Effect], why: Callable[[str], str]) -> list[Effect]:
    """The effects of a folded incident as they stand in the one of its cause; `why` says it of a CI."""
    return [msgspec.structs.replace(effect, role="impact", why=why(effect.ci)) for effect in effects]


def effect_of(trouble: Trouble, number: int, role: str, why: str = "") -> Effect:
    """The trouble as a part of an incident."""
    return Effect(
        id=effect_id(number, trouble.check), incident=number, check=trouble.check, name=trouble.name, ci=trouble.ci,
        role=role, severity=trouble.severity, since=trouble.since, why=why, down=trouble.down,
    )  # fmt: skip
