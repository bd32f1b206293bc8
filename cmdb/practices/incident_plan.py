"""What one look at the checks makes of the open incidents: joined, opened, recovered, folded, weighed. Pure.

A plan is filled step by step (`recover`, `place`, `fold`, `weigh`), then read: `changed` and `effects` are to write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import msgspec

from cmdb.model.effect import Effect
from cmdb.model.incident import Incident
from cmdb.practices.correlation import (
    Board,
    Placed,
    Trouble,
    Verdict,
    as_impact,
    down_by,
    effect_of,
    explained_by,
    held_back,
    moved,
    shared_ci,
)
from cmdb.practices.duration import spoken
from cmdb.practices.incident import HUB, joined, merged, noted, rearmed, recovered, took_over, worsened
from cmdb.practices.incident_effects import LASTING, Effects
from cmdb.practices.incident_opening import Past, opened, opened_again
from cmdb.practices.incident_state import FINISHED
from cmdb.practices.incident_weight import Policy, weigh


class Plan:
    """Starts from the open incidents and their `effects`, which it leaves as they are.

    `next_number` is what the next new one gets.
    """

    def __init__(
        self,
        incidents: Iterable[Incident],
        effects: Mapping[int, Effects],
        next_number: int,
        policy: Policy,
        now: datetime,
    ) -> None:
        self.next_number = next_number
        self.changed: dict[int, Incident] = {}
        self.effects: dict[str, Effect] = {}
        self.held: dict[str, tuple[str, ...]] = {}  # by check of what cannot be reached, what is in the way
        self._open = {incident.number: incident for incident in incidents}
        self._made_of = {number: effects.get(number, Effects()) for number in self._open}
        self._own: set[int] = set()  # those of which `_made_of` is no longer the caller's
        self._board_now: Board | None = None
        self._joins: dict[int, dict[str, Effect]] = {}
        self._went_down: dict[int, list[str]] = {}
        self._policy, self._now = policy, now
        self._hold_down = spoken(policy.hold_down.total_seconds())

    @property
    def went_down(self) -> set[str]:
        """The CIs that are down from now on, according to an incident."""
        return {ci for cis in self._went_down.values() for ci in cis}

    @property
    def may_fold(self) -> bool:
        """Whether anything went down that others may depend on."""
        return bool(self._went_down) and len(self._open) > 1

    @property
    def open(self) -> Iterable[Incident]:
        return list(self._open.values())

    @property
    def lasting_cis(self) -> set[str]:
        """What the open incidents last as long as."""
        return {effect.ci for effects in self._made_of.values() for effect in effects.lasting.values()}

    def recover(self, checks: Collection[str]) -> None:
        """These checks are well; of those that are part of no incident nothing is said."""
        by_number: dict[int, list[str]] = {}
        for check in sorted(checks):
            if (number := self._board.number_of(check)) is not None:
                by_number.setdefault(number, []).append(check)
        for number, own in sorted(by_number.items()):
            bad = self._made_of[number].bad
            well = [msgspec.structs.replace(bad[check], recovered_at=self._now) for check in own if check in bad]
            if well:
                self._take(well)
                self._put(recovered(self._open[number], self._now, well, over=self._made_of[number].over))
                self._board_now = None  # what it was down for is no reason any more

    def worsen(self, number: int, check: str, severity: str) -> None:
        """A check of an open incident is bad in another way."""
        known = self._made_of[number].all.get(check)
        if known is not None and known.severity != severity:
            changed = msgspec.structs.replace(known, severity=severity)
            self._take([changed])
            self._put(worsened(self._open[number], self._now, changed))

    def flap(self, number: int, check: str) -> None:
        """A check of an open incident comes and goes: once, whoever acknowledged it is asked anew."""
        known = self._made_of[number].all.get(check)
        words = f"{check if known is None else known.called} is flapping"
        incident = self._open[number]
        if not any(entry.what == "re-armed" and entry.text.startswith(words) for entry in incident.timeline):
            after = rearmed(incident, self._now, words)
            if after is not incident:
                self._put(after)

    def place(self, trouble: Trouble, past: Past | None = None) -> None:
        """Find where this trouble belongs; `past` is the newest incident of its key that is over."""
        placed = self._board.place(trouble, self._hold_down, self._policy.stakes.explains)
        match placed.verdict:
            case Verdict.KNOWN:
                self._known(placed, trouble)
            case Verdict.JOIN:
                self._join_as(placed, trouble)
            case Verdict.HELD:
                self.held[trouble.check] = trouble.blocked_by
            case Verdict.OPEN if past is not None and past.knew(trouble):
                pass  # it has to get well or worse first
            case Verdict.OPEN if past is not None and past.may_reopen(self._now, self._policy.reopen_within):
                self._reopen(past, trouble)
            case Verdict.OPEN:
                self._begin(opened(self.next_number, trouble, self._now, past), trouble)

    def finish_joins(self) -> None:
        """One step of the timeline for all that joined an incident now."""
        for number, joins in self._joins.items():
            made_of = self._made_of[number]
            known = {effect.ci for effect in made_of.lasting.values()}
            fresh = sum(check not in made_of.all for check in joins)
            effects = [_again(effect, made_of) for effect in joins.values()]
            after = joined(self._open[number], self._now, effects, fresh)
            if any(effect.role in LASTING and effect.ci not in known for effect in effects):
                after = rearmed(after, self._now, "another CI is affected")
            self._take(effects)
            self._put(after)
        self._joins = {}

    def fold(self, upstream: Mapping[str, Mapping[str, str]]) -> None:
        """Incidents that depend on what went down just now were its impact all along."""
        down = {ci: number for number, cis in self._went_down.items() for ci in cis}
        for other in list(self._open) if down else ():
            for ci in sorted(explained_by(self._made_of[other], upstream) & down.keys()):
                number = down[ci]
                if number != other and number in self._open and self._goes_down_with(self._open[other]):
                    self._fold_one(self._open[other], number, ci, upstream)
                    break

    def weigh(self) -> None:
        """Services, impact, urgency and due times of what changed; a higher priority asks for an answer anew."""
        for incident in list(self.changed.values()):
            if incident.state not in FINISHED:
                self._put(self._weighed(incident))
        for incident in self.open if self._went_down else ():
            if incident.redundancy_left and (after := self._weighed(incident)) != incident:
                self._put(after)  # what held it up is gone, too

    def note(self, number: int, who: str, text: str) -> None:
        """Somebody said something about an open incident."""
        self._put(noted(self._open[number], who, self._now, text))

    @property
    def _board(self) -> Board:
        if self._board_now is None:
            self._board_now = Board((one, self._made_of[one.number]) for one in self._open.values())
        return self._board_now

    def _known(self, placed: Placed, trouble: Trouble) -> None:
        assert placed.number is not None
        known = self._made_of[placed.number].all.get(trouble.check)
        if known is None:
            self._say_again(placed.number, trouble)
        elif known.recovered_at is not None:
            self._join(effect_of(trouble, placed.number, known.role, known.why))
        elif known.severity != trouble.severity:
            self.worsen(placed.number, trouble.check, trouble.severity)
        elif trouble.labels:
            self.note(placed.number, HUB, f"reported again: {trouble.title}")

    def _say_again(self, number: int, trouble: Trouble) -> None:
        """One that joins just now was told of twice at once: the last word on how bad it is counts."""
        joins = self._joins[number]
        joins[trouble.check] = msgspec.structs.replace(joins[trouble.check], severity=trouble.severity)

    def _join_as(self, placed: Placed, trouble: Trouble) -> None:
        assert placed.number is not None
        self._join(effect_of(trouble, placed.number, placed.role, placed.why))

    def _join(self, effect: Effect) -> None:
        self._joins.setdefault(effect.incident, {})[effect.check] = effect
        self._note_down(effect)
        self._board.add(effect)

    def _begin(self, incident: Incident, trouble: Trouble) -> None:
        self.next_number = incident.number + 1
        effect = effect_of(trouble, incident.number, "cause")
        self._open[incident.number] = incident
        self._made_of[incident.number] = Effects()
        self._own.add(incident.number)
        self._note_down(effect)
        self._take([effect])
        self._put(incident)
        self._board.take(incident, self._made_of[incident.number])

    def _reopen(self, past: Past, trouble: Trouble) -> None:
        again, ended = opened_again(past, trouble, self._now, self._policy)
        self._open[again.number] = again
        self._made_of[again.number] = Effects(past.effects.values())
        self._own.add(again.number)
        self._take(ended)
        self._put(again)
        self._board.take(again, self._made_of[again.number])
        self._join(effect_of(trouble, again.number, "cause"))

    def _fold_one(self, other: Incident, number: int, cause: str, upstream: Mapping[str, Mapping[str, str]]) -> None:
        def why(ci: str) -> str:
            how = upstream.get(ci, {}).get(cause, "it is about the same CI")
            return held_back(how, number, self._hold_down)

        known = self._made_of[number].all
        gained = moved((one for one in self._made_of[other.number] if one.check not in known), number)
        gained = as_impact(gained, why)
        self._take(gained)
        self._put(took_over(self._open[number], HUB, self._now, other, gained))
        self._put(merged(other, HUB, self._now, number, why(other.ci or "")))
        del self._open[other.number]
        self._board.drop(other, self._made_of.pop(other.number))
        self._board.take(self._open[number], self._made_of[number])

    def _weighed(self, incident: Incident) -> Incident:
        return weigh(incident, self._made_of[incident.number], self._policy, self._now, self._board.down)

    def _goes_down_with(self, other: Incident) -> bool:
        """Whether what else is down takes down all that this incident is about, redundant as it may be."""
        made_of = self._made_of[other.number]
        down = self._board.down - down_by(other, made_of)
        return all(self._policy.stakes.explains(down, effect.ci) for effect in made_of.lasting.values())

    def _note_down(self, effect: Effect) -> None:
        """Remember what may be the cause of others: also what is wrong with something short of being down."""
        if effect.down and effect.role in LASTING and not self._board.is_down(effect.ci):
            shared = shared_ci(self._open[effect.incident].key)
            self._went_down.setdefault(effect.incident, []).extend({effect.ci, shared or effect.ci})

    def _take(self, effects: Iterable[Effect]) -> None:
        """These are parts of an open incident, and to be written."""
        for effect in effects:
            if effect.incident not in self._own:
                self._made_of[effect.incident] = self._made_of[effect.incident].copy()
                self._own.add(effect.incident)
            self._made_of[effect.incident].take(effect)
            self.effects[effect.id] = effect

    def _put(self, incident: Incident) -> None:
        """The incident is like this now, and to be written."""
        if incident.number in self._open:
            self._open[incident.number] = incident
        self.changed[incident.number] = incident


def _again(effect: Effect, made_of: Effects) -> Effect:
    """The effect at the version of what is on record of it."""
    known = made_of.all.get(effect.check)
    return effect if known is None else msgspec.structs.replace(effect, version=known.version)
