"""Every verb of the hub."""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.hub.api import agent, audit, check, ci, history, hub, incident, service, sla, user, view
from cmdb.hub.api.verb import Verb

VERBS: Mapping[str, Verb] = {
    name: verb
    for noun in (hub, agent, ci, check, incident, service, sla, history, audit, user, view)
    for name, verb in noun.VERBS.items()
}
