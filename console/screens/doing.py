"""From a deed that was chosen to its outcome: asking for words, or for the count when it is done to several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from console.actions import Outcome, named, perform
from console.link import Link
from console.views.deeds import RUN, Deed
from console.views.subject import Subject

MOST_NAMED = 6


class Ask(Protocol):
    """The prompt."""

    def __call__(self, label: str, then: Callable[[str], None], words: str = "") -> None: ...


class Doer:
    """`start` performs in the background; `tell` says an outcome to the person."""

    def __init__(
        self,
        link: Link,
        ask: Ask,
        tell: Callable[[Outcome], None],
        start: Callable[[Deed, Sequence[Subject], str], object],
    ) -> None:
        self._link, self._ask, self._tell, self._start = link, ask, tell, start

    def do(self, deed: Deed, candidates: Sequence[Subject]) -> None:
        """With every subject that it is possible with: one at once, several after their number is typed."""
        subjects = [subject for subject in candidates if deed.about(subject) is not None]
        if not subjects:
            self._tell(Outcome(False, "Nothing here to do that with"))
        elif deed.asks:
            self._ask(f"{deed.asks.format(_names(deed, subjects))}:", lambda words: self._said(deed, subjects, words))
        elif len(subjects) > 1:
            label = f"{deed.name} {_names(deed, subjects)}: type {len(subjects)}"
            self._ask(label, lambda words: self._counted(deed, subjects, words))
        else:
            self._go(deed, subjects)

    async def perform(self, deed: Deed, subjects: Sequence[Subject], words: str) -> None:
        """One after the other, each with its outcome."""
        for subject in subjects:
            self._tell(await perform(self._link, deed, subject, words))

    def _said(self, deed: Deed, subjects: Sequence[Subject], words: str) -> None:
        if words:
            self._go(deed, subjects, words)

    def _counted(self, deed: Deed, subjects: Sequence[Subject], words: str) -> None:
        if words == str(len(subjects)):
            self._go(deed, subjects)
        else:
            self._tell(Outcome(False, f"Nothing done: {len(subjects)} was not what was typed"))

    def _go(self, deed: Deed, subjects: Sequence[Subject], words: str = "") -> None:
        if deed is RUN:
            self._tell(Outcome(True, f"{subjects[0].name}: running"))
        self._start(deed, subjects, words)


def _names(deed: Deed, subjects: Sequence[Subject]) -> str:
    names = ", ".join(named(deed, subject) for subject in subjects[:MOST_NAMED])
    return names if len(subjects) <= MOST_NAMED else f"{names} and {len(subjects) - MOST_NAMED} more"
