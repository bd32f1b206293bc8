"""How many there are of what, and how well each CI is: kept from deltas, so that no answer counts the whole table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from cmdb.model.change import Delta
from cmdb.model.kind import Kind
from cmdb.store.protocol import Document, Finder

COUNTED = (Kind.CI, Kind.RELATION, Kind.CHECK, Kind.INCIDENT, Kind.AGENT)
SEVERITY = {"critical": 3, "warning": 2, "unknown": 1, "ok": 0, "pending": -1}
FINISHED = frozenset({"resolved", "closed"})


class Census:
    """Follows the store; `labels[kind][id]` is what each record counts as."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._labels: dict[Kind, dict[str, str]] = {kind: {} for kind in COUNTED}
        self._counts: dict[Kind, Counter[str]] = {kind: Counter() for kind in COUNTED}
        self._checks_of: dict[str, set[str]] = {}
        self._ci_of: dict[str, str] = {}

    async def load(self, store: Finder) -> None:
        """Count what is there; forget what was counted before."""
        self._clear()
        for kind in COUNTED:
            for document in await store.find(kind):
                self._take(kind, document["id"], document)

    async def apply(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            if delta.kind in self._labels:
                self._take(delta.kind, delta.id, delta.body)

    @property
    def cis(self) -> int:
        """CIs that are not retired."""
        counts = self._counts[Kind.CI]
        return counts.total() - sum(number for label, number in counts.items() if label.endswith("/retired"))

    @property
    def relations(self) -> int:
        return self._counts[Kind.RELATION].total()

    @property
    def agents(self) -> int:
        return self._counts[Kind.AGENT].total()

    @property
    def open_incidents(self) -> int:
        return sum(number for state, number in self._counts[Kind.INCIDENT].items() if state not in FINISHED)

    @property
    def checks(self) -> dict[str, int]:
        """Checks by state, those of retired CIs included while they are there."""
        return {state: self._counts[Kind.CHECK][state] for state in ("ok", "warning", "critical", "unknown", "pending")}

    def classes(self) -> Iterator[tuple[str, dict[str, int]]]:
        """Every class with its CIs by status."""
        by_class: dict[str, dict[str, int]] = {}
        for label, number in self._counts[Kind.CI].items():
            class_, status = label.split("/")
            if number:
                by_class.setdefault(class_, {})[status] = number
        yield from sorted(by_class.items())

    def state_of(self, ci: str) -> str | None:
        """The worst state of this CI's own checks; None when it has none."""
        checks, labels = self._checks_of.get(ci), self._labels[Kind.CHECK]
        return worst(labels[check] for check in checks) if checks else None

    def class_of(self, ci: str) -> str | None:
        label = self._labels[Kind.CI].get(ci)
        return None if label is None else label.rpartition("/")[0]

    def _take(self, kind: Kind, id_: str, body: Document | None) -> None:
        label = None if body is None else _label(kind, body)
        before = self._labels[kind].pop(id_, None)
        if before is not None:
            self._counts[kind][before] -= 1
        if label is not None:
            self._labels[kind][id_] = label
            self._counts[kind][label] += 1
        if kind is Kind.CHECK:
            self._take_check(id_, body)

    def _take_check(self, id_: str, body: Document | None) -> None:
        if before := self._ci_of.pop(id_, None):
            self._checks_of[before].discard(id_)
            if not self._checks_of[before]:
                del self._checks_of[before]
        if body is not None:
            self._ci_of[id_] = body["ci"]
            self._checks_of.setdefault(body["ci"], set()).add(id_)


def worst(states: Iterable[str]) -> str | None:
    """The state that matters most; None of none."""
    return max(states, key=lambda state: SEVERITY.get(state, 1), default=None)


def _label(kind: Kind, body: Document) -> str:
    if kind is Kind.CI:
        return f"{body['class']}/{body['status']}"
    return str(body.get("state", ""))
