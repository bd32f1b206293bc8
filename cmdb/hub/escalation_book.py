"""The escalations and silences on record, kept from deltas. What is done about them is `escalation_desk`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from cmdb.hub.maintenance_watch import MaintenanceWatch
from cmdb.model.change import Delta
from cmdb.model.escalation import Escalation
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.model.silence import Silence
from cmdb.practices.escalation import opening_of
from cmdb.store.protocol import Store


class EscalationBook:
    """By id: `escalations` of incidents open and over, `silences` past and to come."""

    def __init__(self, maintenance: MaintenanceWatch) -> None:
        self._maintenance = maintenance
        self.escalations: dict[str, Escalation] = {}
        self.silences: dict[str, Silence] = {}
        self._of: dict[int, set[str]] = {}
        self._in_group: dict[str, set[str]] = {}

    async def load(self, store: Store) -> None:
        self.escalations, self._of, self._in_group = {}, {}, {}
        for document in await store.find(Kind.ESCALATION):
            self._keep(msgspec.convert(document, Escalation))
        self.silences = {one["id"]: msgspec.convert(one, Silence) for one in await store.find(Kind.SILENCE)}

    def take(self, deltas: Iterable[Delta]) -> None:
        """What was written; older news than what is known changes nothing."""
        for delta in deltas:
            if delta.kind is Kind.ESCALATION:
                self._take_escalation(delta)
            elif delta.kind is Kind.SILENCE:
                self.silences.pop(delta.id, None)
                if delta.body is not None:
                    self.silences[delta.id] = msgspec.convert(delta.body, Silence)

    def of(self, incident: Incident) -> list[Escalation]:
        """Those of this incident since it last asked for an answer."""
        mine = [self.escalations[id_] for id_ in sorted(self._of.get(incident.number, ()))]
        return [one for one in mine if one.opening == opening_of(incident)]

    def in_group(self, group: str) -> list[Escalation]:
        """Those of all incidents that are told together, over or not."""
        return [self.escalations[id_] for id_ in sorted(self._in_group.get(group, ()))]

    def heard(self, escalation: Escalation, now: datetime) -> Escalation:
        """The escalation; one whose silence was ended early goes on now."""
        silence = self.silences.get(escalation.silence or "")
        silent = silence is not None and now < silence.end
        ended = escalation.silence is not None and not silent and not self._maintenance.is_open(escalation.silence)
        return msgspec.structs.replace(escalation, silence=None, next_at=now) if ended else escalation

    def _take_escalation(self, delta: Delta) -> None:
        known = self.escalations.get(delta.id)
        if known is not None and delta.body is not None and delta.body["version"] <= known.version:
            return
        if known is not None:
            del self.escalations[known.id]
            self._of[known.incident].discard(known.id)
            self._in_group[known.group].discard(known.id)
        if delta.body is not None:
            self._keep(msgspec.convert(delta.body, Escalation))

    def _keep(self, escalation: Escalation) -> None:
        self.escalations[escalation.id] = escalation
        self._of.setdefault(escalation.incident, set()).add(escalation.id)
        self._in_group.setdefault(escalation.group, set()).add(escalation.id)
