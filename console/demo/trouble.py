"""What goes wrong on a simulated host and for how long: a seeded sequence of troubles, each of one check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from checks.definition import Definition
from checks.result import Metric, Result, State

_WORDS = {
    "filesystem": {State.WARNING: (85, 89), State.CRITICAL: (95, 99)},
    "load": {State.WARNING: (120, 180), State.CRITICAL: (250, 600)},
    "swap": {State.WARNING: (50, 69), State.CRITICAL: (80, 99)},
    "memory": {State.WARNING: (86, 89), State.CRITICAL: (96, 99)},
}


@dataclass(frozen=True)
class Trouble:
    """A check is in this state for so long."""

    check: str
    state: State
    lasts_s: float


class Troubles:
    """`rate_s` is the mean time between troubles of one host."""

    def __init__(self, seed: str, rate_s: float) -> None:
        self._dice = Random(seed)
        self._rate_s = rate_s

    def pause_s(self) -> float:
        """How long all is well."""
        return self._dice.expovariate(1 / self._rate_s)

    def next(self, checks: Sequence[Definition]) -> Trouble | None:
        """What goes wrong next."""
        if not checks:
            return None
        check = self._dice.choice(checks)
        state = self._dice.choices((State.WARNING, State.CRITICAL, State.UNKNOWN), (5, 4, 1))[0]
        if check.type not in _WORDS and state is State.WARNING:
            state = State.CRITICAL
        return Trouble(check.id, state, self._dice.uniform(20, 400))

    def result(self, check: Definition, state: State, at: datetime) -> Result:
        """What a run of the check would find in that state."""
        if check.type in _WORDS:
            return self._measured(check, state, at)
        seconds = self._dice.uniform(0.002, 0.09)
        params = check.params
        where = str(params.get("url") or f"{params.get('host', check.type)}:{params.get('port', '')}".rstrip(":"))
        said = {
            State.OK: f"{where} answers in {seconds * 1000:.0f} ms",
            State.CRITICAL: f"{where}: connection refused",
            State.UNKNOWN: f"{where}: could not look: too many open files",
        }.get(state, f"{where} is slow")
        phases = {"connect": seconds * 0.3, "first_byte": seconds * 0.6, "total": seconds} if state is State.OK else {}
        return Result(check=check.id, at=at, state=state, output=said, phases=phases)

    def _measured(self, check: Definition, state: State, at: datetime) -> Result:
        low, high = _WORDS[check.type].get(state, (18, 66))
        percent = round(self._dice.uniform(low, high), 1)
        subject = str(check.params.get("path") or check.type)
        if state is State.UNKNOWN:
            return Result(check=check.id, at=at, state=state, output=f"{subject}: could not look: permission denied")
        metric = Metric(name="used_percent", value=percent, unit="%", warn="80", crit="95")
        return Result(check=check.id, at=at, state=state, output=f"{subject} {percent} % used", metrics=(metric,))
