"""From a deed that was chosen to its outcome: asking for words, or for the count when it is done to several; undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cmdb.hub.client import HubGone, HubRefusal
from console.actions import Outcome, named, perform
from console.past import Asks
from console.views.deeds import RUN, Deed
from console.views.forms import Form, counted
from console.views.subject import Subject, names_of
from console.views.text import clean

MOST_NAMED = 6
MOST_UNDONE = 50


class Ask(Protocol):
    """The prompt."""

    def __call__(self, label: str, then: Callable[[str], None], words: str = "") -> None: ...


@dataclass(frozen=True)
class Done:
    """What was done, and what takes it back: verbs with their arguments."""

    said: str
    back: tuple[tuple[str, Mapping[str, Any]], ...]


class Doer:
    """`start` performs in the background; `fill` shows a form; `tell` says an outcome to the person."""

    def __init__(
        self,
        link: Asks,
        ask: Ask,
        tell: Callable[[Outcome], None],
        start: Callable[[Deed, Sequence[Subject], str], object],
        fill: Callable[[Form], object],
    ) -> None:
        self._link, self._ask, self._tell, self._start, self._fill = link, ask, tell, start, fill
        self._done: list[Done] = []

    @property
    def undoes(self) -> bool:
        """Whether there is something that can be taken back."""
        return bool(self._done)

    def do(self, deed: Deed, candidates: Sequence[Subject]) -> None:
        """With every subject that it is possible with: one at once, several after their number is typed."""
        subjects = [subject for subject in candidates if deed.about(subject) is not None]
        if not subjects:
            self._tell(Outcome(False, "Nothing here to do that with"))
        elif deed.form is not None:
            self._fill_in(deed.form(subjects), len(subjects))
        elif deed.asks:
            self._ask(f"{deed.asks.format(_names(deed, subjects))}:", lambda words: self._said(deed, subjects, words))
        elif len(subjects) > 1:
            self._count(deed, subjects, "")
        else:
            self._start(deed, subjects, "")

    def _fill_in(self, form: Form, marked: int) -> None:
        if marked > form.about:
            self._tell(Outcome(False, f"That is done to one at a time: {marked} are marked"))
        else:
            self._fill(counted(form) if marked > 1 else form)

    async def perform(self, deed: Deed, subjects: Sequence[Subject], words: str) -> None:
        """One after the other, each with its outcome."""
        if deed is RUN:
            self._tell(Outcome(True, f"{subjects[0].name}: running"))
        back: list[tuple[str, Mapping[str, Any]]] = []
        for subject in subjects:
            outcome = await perform(self._link, deed, subject, words)
            self._tell(outcome)
            if outcome.done and deed.undo:
                back.append((deed.undo, deed.about(subject) or {}))
        if back:
            self._remember(Done(f"{deed.name} {_names(deed, subjects)}", tuple(back)))

    async def fulfil(self, form: Form, args: Mapping[str, Any]) -> None:
        """What a form asked for."""
        try:
            row = await self._link.call(form.verb, **args)
        except (HubRefusal, HubGone) as error:
            self._tell(Outcome(False, clean(error)))
            return
        self._tell(Outcome(True, form.done(row)))
        if form.ends_with:
            self._remember(Done(form.title, ((form.ends_with, {"id": row["id"]}),)))

    async def undo(self) -> None:
        """Take back what was done last from here."""
        if not self._done:
            self._tell(Outcome(False, "Nothing was done from here that could be undone"))
            return
        done = self._done.pop()
        refused: list[str] = []
        for verb, args in done.back:
            try:
                await self._link.call(verb, **args)
            except (HubRefusal, HubGone) as error:
                refused.append(clean(error))
        for why in refused:
            self._tell(Outcome(False, f"Not undone: {why}"))
        if len(refused) < len(done.back):
            self._tell(Outcome(True, f"Undone: {done.said}"))

    def _remember(self, done: Done) -> None:
        self._done = [*self._done, done][-MOST_UNDONE:]

    def _said(self, deed: Deed, subjects: Sequence[Subject], words: str) -> None:
        if words and len(subjects) > 1:
            self._count(deed, subjects, words)
        elif words:
            self._start(deed, subjects, words)

    def _count(self, deed: Deed, subjects: Sequence[Subject], words: str) -> None:
        label = f"{deed.name} {_names(deed, subjects)}: type {len(subjects)}"
        self._ask(label, lambda typed: self._counted(deed, subjects, words, typed))

    def _counted(self, deed: Deed, subjects: Sequence[Subject], words: str, typed: str) -> None:
        if typed == str(len(subjects)):
            self._start(deed, subjects, words)
        else:
            self._tell(Outcome(False, f"Nothing done: {len(subjects)} was not what was typed"))


def _names(deed: Deed, subjects: Sequence[Subject]) -> str:
    return names_of(subjects, MOST_NAMED, lambda one: named(deed, one))
