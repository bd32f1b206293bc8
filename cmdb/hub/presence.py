"""Who is on and what each looks at, as their programs say. In memory only: nobody's way through the console is kept."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from agent.discovery.clean import clean_text
from cmdb.hub.session import Session

LONGEST_PLACE = 200


@dataclass(frozen=True)
class Visit:
    """One program that stays: a console, or a list that is watched. `place` is in the console's words (`INC-12`)."""

    id: str
    place: str
    since: datetime
    moved_at: datetime


class Presence:
    """`changed` is told the ids of visits that began, moved or ended."""

    def __init__(self) -> None:
        self._visits: dict[Session, Visit] = {}
        self._numbers = itertools.count(1)
        self.changed: Callable[[Sequence[str]], None] = lambda ids: None

    def __contains__(self, session: Session) -> bool:
        return session in self._visits

    def look(self, session: Session, place: str, now: datetime) -> None:
        """This session looks there from now on."""
        place = clean_text(place, LONGEST_PLACE)
        known = self._visits.get(session)
        if known is None:
            visit = Visit(str(next(self._numbers)), place, now, now)
        else:
            visit = replace(known, place=place, moved_at=now)
        self._visits[session] = visit
        self.changed((visit.id,))

    def leave(self, session: Session) -> None:
        """This session has ended."""
        visit = self._visits.pop(session, None)
        if visit is not None:
            self.changed((visit.id,))

    def rows(self) -> Iterable[dict[str, Any]]:
        """Everybody who is on, the first comer first."""
        return [_row(session, visit) for session, visit in self._visits.items()]

    def beside(self, session: Session) -> Sequence[dict[str, str]]:
        """Who else is on, and where."""
        others = [(one, visit) for one, visit in self._visits.items() if one is not session]
        return [{"name": one.actor, "place": visit.place} for one, visit in others]


def _row(session: Session, visit: Visit) -> dict[str, Any]:
    return {
        "id": visit.id,
        "name": session.actor,
        "role": session.role.word,
        "via": session.via,
        "place": visit.place,
        "since": visit.since,
        "moved_at": visit.moved_at,
    }
