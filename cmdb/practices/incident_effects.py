"""What an incident is made of: its checks, bad and recovered, and what is down by them, kept up check by check."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator

from cmdb.model.effect import Effect

LASTING = frozenset({"cause", "duplicate"})  # the incident lasts until these are well; impact does not hold it open


class Effects:
    """By check, in the order in which they joined. `lasting` are those few that the incident lasts as long as."""

    def __init__(self, effects: Iterable[Effect] = ()) -> None:
        self.all: dict[str, Effect] = {}
        self.bad: dict[str, Effect] = {}
        self.lasting: dict[str, Effect] = {}
        self._bad_of_ci: Counter[str] = Counter()
        for effect in effects:
            self.take(effect)

    def take(self, effect: Effect) -> None:
        """This check joins, or is in another way than it was."""
        if (before := self.bad.pop(effect.check, None)) is not None:
            self._bad_of_ci[before.ci] -= 1
        self.all[effect.check] = effect
        if effect.recovered_at is None:
            self.bad[effect.check] = effect
            self._bad_of_ci[effect.ci] += 1
        if effect.role in LASTING:
            self.lasting[effect.check] = effect

    def copy(self) -> Effects:
        """One that can be changed without this one."""
        other = Effects()
        other.all, other.bad, other.lasting = self.all.copy(), self.bad.copy(), self.lasting.copy()
        other._bad_of_ci = self._bad_of_ci.copy()
        return other

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator[Effect]:
        """Those that it lasts as long as come first."""
        others = (effect for check, effect in self.all.items() if check not in self.lasting)
        return itertools.chain(self.lasting.values(), others)

    @property
    def over(self) -> bool:
        """Whether all that it lasts as long as is well."""
        return not any(effect.recovered_at is None for effect in self.lasting.values())

    @property
    def cis(self) -> set[str]:
        """The CIs with a bad check."""
        return {ci for ci, bad in self._bad_of_ci.items() if bad and ci}

    @property
    def down(self) -> set[str]:
        """The CIs that are out of service as its cause."""
        return {effect.ci for effect in self.lasting.values() if effect.down and effect.recovered_at is None}
