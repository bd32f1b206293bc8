"""What was retired long ago leaves the present, and nothing else does."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from cmdb.hub.ledger import Ledger
from cmdb.hub.retired_items import AT_ONCE, let_go_of_retired
from cmdb.model.change import Put
from cmdb.model.ci import ConfigurationItem
from cmdb.model.effect import Effect
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from cmdb.store.memory import MemoryStore
from tests.support.hub import START, HandClock, check, ci, relation

DAY = timedelta(days=1)


def retired(id_: str, days_ago: float, **fields: object) -> ConfigurationItem:
    gone = {"status": "retired", "missing_since": START - days_ago * DAY, **fields}
    return msgspec.structs.replace(ci(id_, "container", host="web"), **gone)


async def ids(store: MemoryStore) -> set[str]:
    return {item["id"] for item in await store.find(Kind.CI)}


async def test_what_nobody_speaks_of_goes_and_its_past_stays() -> None:
    store, clock = MemoryStore(), HandClock()
    ledger = Ledger(store, clock)
    kept = {
        "web": msgspec.structs.replace(ci("web", "host", host="web"), status="retired", last_seen=START - 200 * DAY),
        "lately": retired("lately", 89),
        "there": ci("there", host="web"),
        "worded": retired("worded", 91, overrides={"owner": "mia"}),
        "tied": retired("tied", 91),
        "checked": retired("checked", 91),
        "hurt": retired("hurt", 91),
        "hit": retired("hit", 91),
    }
    gone = {f"old-{n}": retired(f"old-{n}", 91) for n in range(AT_ONCE + 1)}
    incident = Incident(
        id="1", number=1, title="it hurts", priority=3, impact=3, urgency=3, ci="hurt", key="k", opened_at=START
    )
    effect = Effect(id="1/c", incident=1, check="c", ci="hit", role="impact", severity="critical", since=START)
    changes = [
        *(Put(Kind.CI, one) for one in [*kept.values(), *gone.values()]),
        Put(Kind.RELATION, relation("there", "depends_on", "tied")),
        Put(Kind.CHECK, check("checked")),
        Put(Kind.INCIDENT, incident),
        Put(Kind.EFFECT, effect),
    ]
    await ledger.commit(changes, actor="test", reason="test")
    clock.turn(seconds=1)
    assert await let_go_of_retired(ledger, clock) == len(gone)
    assert await ids(store) == kept.keys()
    assert len(await store.find(Kind.CI, at=START)) == len(kept) + len(gone)
    assert await let_go_of_retired(ledger, clock) == 0
