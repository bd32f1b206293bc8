"""Every verb of the hub."""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.hub.api import (
    agent,
    audit,
    baseline,
    check,
    ci,
    ci_diff,
    ci_edit,
    ci_find,
    enrolment,
    exchange,
    graph,
    history,
    hub,
    identity,
    incident,
    incident_clock,
    incident_ties,
    maintenance,
    oncall,
    service,
    silence,
    sla,
    sla_exchange,
    sla_negotiation,
    sla_planning,
    sla_review,
    user,
    view,
)
from cmdb.hub.api.verb import Verb

_NOUNS = (
    hub,
    agent,
    enrolment,
    ci,
    ci_edit,
    graph,
    identity,
    baseline,
    check,
    incident,
    incident_clock,
    incident_ties,
    oncall,
    silence,
    maintenance,
    ci_find,
    ci_diff,
    service,
    sla,
    sla_planning,
    sla_negotiation,
    sla_review,
    sla_exchange,
    exchange,
    history,
    audit,
    user,
    view,
)
VERBS: Mapping[str, Verb] = {name: verb for noun in _NOUNS for name, verb in noun.VERBS.items()}
