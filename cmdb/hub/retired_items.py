"""Items that were retired long ago leave the present: what comes and goes with every deployment would fill it for ever.

Their past stays readable for as long as its rules say. Hosts stay, and whatever a person or something open speaks of.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cmdb.clock import Clock
from cmdb.hub.ledger import Ledger
from cmdb.hub.rows import effects_of
from cmdb.model.change import Remove
from cmdb.model.kind import Kind
from cmdb.practices.incident_state import State
from cmdb.store.protocol import Document, StaleVersion, Store

KEPT = timedelta(days=90)
AT_ONCE = 500
ACTOR = "hub"


async def let_go_of_retired(ledger: Ledger, clock: Clock, kept: timedelta = KEPT) -> int:
    """How many were removed from the present. Raises `StoreError`."""
    going = await _going(ledger.store, clock.now() - kept)
    removed = 0
    for first in range(0, len(going), AT_ONCE):
        some = [Remove(Kind.CI, item["id"], item["version"]) for item in going[first : first + AT_ONCE]]
        try:
            await ledger.commit(some, actor=ACTOR, reason=f"retired for {kept.days} days")
        except StaleVersion:
            continue  # one of them came back: the others go the next time
        removed += len(some)
    return removed


async def _going(store: Store, before: datetime) -> Sequence[Document]:
    """Retired before that moment, found on a host by its agent, and nobody has a word about them."""
    open_ = await store.find(Kind.INCIDENT, matching=lambda incident: incident["state"] != State.CLOSED)
    effects = [one for incident in open_ for one in await effects_of(store, incident["number"])]
    spoken_of = {one["ci"] for one in [*open_, *effects]}
    found = await store.find(Kind.CI, {"status": "retired"}, lambda item: _is_long_gone(item, before))
    return [item for item in found if item["id"] not in spoken_of and not await _is_tied(store, item["id"])]


def _is_long_gone(item: Document, before: datetime) -> bool:
    lives_on_another = item["host"] not in {None, item["id"]}
    return lives_on_another and not item["overrides"] and (item["missing_since"] or item["last_seen"]) < before


async def _is_tied(store: Store, id_: str) -> bool:
    for end in ("source", "target"):
        if await store.find(Kind.RELATION, {end: id_}):
            return True
    return bool(await store.find(Kind.CHECK, {"ci": id_}))
