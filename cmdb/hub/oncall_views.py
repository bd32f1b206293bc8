"""What the `oncall` and `roster` views show: each schedule with who has it and who is next, each person with theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta

from cmdb.clock import Clock
from cmdb.hub.roster import Roster
from cmdb.hub.rows import Row
from cmdb.model.change import Delta
from cmdb.model.kind import Kind
from cmdb.model.oncall import Person, Schedule
from cmdb.practices.oncall import duties
from cmdb.practices.span import Span

AHEAD = timedelta(days=14)
_CHANGES_TURNS = frozenset({Kind.OVERRIDE, Kind.WATCH})


class ScheduleRows:
    """Who is on call now, until when, who is next, and whether anybody is missing within two weeks."""

    default_order = "schedule"

    def __init__(self, roster: Roster, clock: Clock) -> None:
        self._roster, self._clock = roster, clock

    async def rows(self) -> AsyncIterator[Row]:
        for schedule in self._roster.directory.schedules.values():
            yield self._row(schedule)

    async def row(self, id_: str) -> Row | None:
        schedule = self._roster.directory.schedules.get(id_)
        return None if schedule is None else self._row(schedule)

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        turned = any(delta.kind in _CHANGES_TURNS for delta in deltas)
        return self._roster.directory.schedules if turned else ()

    def _row(self, schedule: Schedule) -> Row:
        return schedule_row(self._roster, schedule, self._clock.now())


def schedule_row(roster: Roster, schedule: Schedule, now: datetime) -> Row:
    """`gaps` counts the times ahead at which nobody is on call, `gap_at` is the first of them."""
    current, *ahead = duties(schedule, roster.overrides.values(), Span(now, now + AHEAD))
    following = next((duty for duty in ahead if duty.people), None)
    empty = [duty for duty in (current, *ahead) if not duty.people]
    changed = [one for one in roster.overrides.values() if one.schedule == schedule.name and one.end > now]
    return {
        "id": schedule.name,
        "schedule": schedule.name,
        "timezone": schedule.timezone,
        "state": "staffed" if current.people else "empty",
        "people": sorted(current.people),
        "until": current.end if ahead else None,
        "next": sorted(following.people) if following else [],
        "next_at": following.start if following else None,
        "gaps": len(empty),
        "gap_at": empty[0].start if empty else None,
        "overrides": len(changed),
    }


class PersonRows:
    """Everybody who can be told: their teams, what they are on call for, how they are reached."""

    default_order = "name"

    def __init__(self, roster: Roster, clock: Clock) -> None:
        self._roster, self._clock = roster, clock

    async def rows(self) -> AsyncIterator[Row]:
        for person in self._roster.directory.people.values():
            yield person_row(self._roster, person, self._clock.now())

    async def row(self, id_: str) -> Row | None:
        person = self._roster.directory.people.get(id_)
        return None if person is None else person_row(self._roster, person, self._clock.now())

    async def touched(self, deltas: Sequence[Delta]) -> Iterable[str]:
        turned = any(delta.kind in _CHANGES_TURNS for delta in deltas)
        return self._roster.directory.people if turned else ()


def person_row(roster: Roster, person: Person, now: datetime) -> Row:
    """`oncall` are the schedules that the person has now, `turn_at` when the next turn begins. No address is in it."""
    directory = roster.directory
    turns = [
        (schedule.name, duty)
        for schedule in directory.schedules.values()
        for duty in duties(schedule, roster.overrides.values(), Span(now, now + AHEAD))
        if person.name in duty.people
    ]
    return {
        "id": person.name,
        "name": person.name,
        "timezone": person.timezone,
        "quiet": person.quiet,
        "channels": [channel.name for channel in person.channels],
        "teams": sorted(team.name for team in directory.teams.values() if person.name in team.members),
        "state": "on_call" if any(duty.start <= now for _, duty in turns) else "off",
        "oncall": sorted({name for name, duty in turns if duty.start <= now}),
        "turn_at": min((duty.start for _, duty in turns if duty.start > now), default=None),
    }
