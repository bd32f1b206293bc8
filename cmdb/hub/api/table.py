"""Every verb of the hub."""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.hub.api import check, ci, hub, incident, view
from cmdb.hub.api.verb import Verb

VERBS: Mapping[str, Verb] = {**hub.VERBS, **ci.VERBS, **check.VERBS, **incident.VERBS, **view.VERBS}
