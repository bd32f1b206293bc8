"""Which checks a host's CIs are to have: what is proposed and what rules say, against the checks on record. Pure.

A CI that is missing keeps its checks, so that what was stopped is seen to fail; a retired one loses them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from checks.definition import Definition
from checks.rules import Planned, Tuning
from checks.rules import plan as planned_by_rules
from cmdb.config import CheckSection
from cmdb.filter.field import Related, nothing_related
from cmdb.model.change import Change, Put, Remove
from cmdb.model.check import CheckRecord
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind
from cmdb.rules_file import NO_RULES, CheckRules, matching


def plan(
    items: Iterable[ConfigurationItem],
    checks: Iterable[CheckRecord],
    agent: str | None,
    tuning: CheckSection,
    at: datetime,
    rules: CheckRules = NO_RULES,
    related: Callable[[str], ConfigurationItem | None] = lambda _id: None,
    *,
    hubs_agent: str | None = None,
    proposals: bool = True,
) -> Iterator[Change]:
    """The changes that give these CIs their checks, run by this agent; `checks` are all that they have so far.

    `related` finds what a rule may ask about besides: an item's host. `hubs_agent` is the hub's own, which runs what
    rules want run there; `proposals` as in `checks.rules.plan`.
    """
    known: dict[str, dict[str, CheckRecord]] = defaultdict(dict)
    for check in checks:
        known[check.ci][check.id] = check

    @cache
    def body_of(id_: str) -> Mapping[str, Any] | None:
        other = related(id_)
        return None if other is None else other.body()

    for item in items:
        there = item.status != "retired"
        planned = planned_for(item.body(), tuning, rules, body_of, proposals=proposals) if there else {}
        wanted = {one.definition.id: one for one in planned.values() if one.definition is not None}
        for id_, one in wanted.items():
            assert one.definition is not None
            yield from _kept_or_new(known[item.id].get(id_), one.definition, hubs_agent if one.at_hub else agent, at)
        if item.status != "missing":
            stale = [check for check in known[item.id].values() if check.id not in wanted]
            yield from (Remove(Kind.CHECK, check.id, check.version) for check in stale)


def planned_for(
    body: Mapping[str, Any],
    tuning: CheckSection,
    rules: CheckRules,
    related: Related = nothing_related,
    *,
    proposals: bool = True,
) -> dict[str, Planned]:
    """The checks of one CI by name, with the steps that made or refused each."""
    said = said_of_all(tuning)
    return planned_by_rules(body, rules.rules, rules.templates, matching(related), said, proposals=proposals)


def said_of_all(tuning: CheckSection) -> Tuning:
    """What `watchdeck.toml` says of all checks; a rule says more of some and wins."""
    return Tuning(
        interval_s=tuning.interval_s or None, retry_s=tuning.retry_s or None, max_attempts=tuning.max_attempts or None
    )


def _kept_or_new(
    known: CheckRecord | None, definition: Definition, agent: str | None, at: datetime
) -> Iterator[Change]:
    if known is None:
        fresh = CheckRecord(
            id=definition.id, ci=definition.ci, type=definition.type, definition=definition, agent=agent, since=at
        )
        yield Put(Kind.CHECK, fresh, 0)
    elif (known.definition, known.agent) != (definition, agent):
        after = msgspec.structs.replace(known, definition=definition, type=definition.type, agent=agent)
        yield Put(Kind.CHECK, after, known.version)
