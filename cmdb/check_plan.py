"""Which checks a host's CIs are to have: proposals for what is there, against the checks on record. Pure.

A CI that is missing keeps its checks, so that what was stopped is seen to fail; a retired one loses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from checks.definition import Definition
from checks.propose import propose
from cmdb.config import CheckSection
from cmdb.model.change import Change, Put, Remove
from cmdb.model.check import CheckRecord
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind


def plan(
    items: Iterable[ConfigurationItem], checks: Iterable[CheckRecord], agent: str, tuning: CheckSection, at: datetime
) -> Iterator[Change]:
    """The changes that give these CIs their checks, run by this agent; `checks` are all that they have so far."""
    known = {check.id: check for check in checks}
    for item in items:
        wanted = {} if item.status == "retired" else {one.id: tuned(one, tuning) for one in propose(item.body())}
        for id_, definition in wanted.items():
            yield from _kept_or_new(known.get(id_), definition, agent, at)
        if item.status != "missing":
            stale = [check for check in known.values() if check.ci == item.id and check.id not in wanted]
            yield from (Remove(Kind.CHECK, check.id, check.version) for check in stale)


def tuned(definition: Definition, tuning: CheckSection) -> Definition:
    """The definition with what `watchdeck.toml` says of all checks."""
    return msgspec.structs.replace(
        definition,
        interval_s=tuning.interval_s or definition.interval_s,
        retry_s=tuning.retry_s or definition.retry_s,
        max_attempts=tuning.max_attempts or definition.max_attempts,
    )


def _kept_or_new(known: CheckRecord | None, definition: Definition, agent: str, at: datetime) -> Iterator[Change]:
    if known is None:
        fresh = CheckRecord(
            id=definition.id, ci=definition.ci, type=definition.type, definition=definition, agent=agent, since=at
        )
        yield Put(Kind.CHECK, fresh, 0)
    elif (known.definition, known.agent) != (definition, agent):
        after = msgspec.structs.replace(known, definition=definition, type=definition.type, agent=agent)
        yield Put(Kind.CHECK, after, known.version)
