"""`check.*`: checks and their states, why they are so, and a run now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from checks.probes import JUDGED_AT_HUB
from checks.rules import Planned
from cmdb.check_plan import planned_for
from cmdb.hub.agents import NotConnected
from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.verb import Arguments, ListArguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.listing import listed
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import NumberOf, Row, check_row
from cmdb.hub.session import Session
from cmdb.model.check import CheckRecord
from cmdb.model.kind import Kind
from cmdb.practices.incident_state import FINISHED
from cmdb.store.protocol import Document

RUN_GRACE_S = 5.0  # for the way there and back, beyond the check's own time-out


class CheckArguments(Arguments, frozen=True, kw_only=True):
    id: str
    at: datetime | None = None


async def numbers_at(hub: Hub, at: datetime | None) -> NumberOf:
    """How to know which incident a check was part of at the moment that the answer is of."""
    if at is None:
        return hub.book.number_of
    incidents = await hub.store.find(Kind.INCIDENT, matching=lambda one: one["state"] not in FINISHED, at=at)
    open_ = {one["number"] for one in incidents}
    # Asked once: each look into the past reads all that was replaced since.
    effects = await hub.store.find(Kind.EFFECT, matching=lambda one: one["incident"] in open_, at=at)
    # Of two, a check is part of the one where it is bad: that comes last.
    numbers = {one["check"]: int(one["incident"]) for one in sorted(effects, key=lambda one: not one["recovered_at"])}
    return numbers.get


async def list_(hub: Hub, _session: Session, args: ListArguments) -> list[Row]:
    found = await hub.store.find(Kind.CHECK, at=args.at)
    number_of = await numbers_at(hub, args.at)
    return listed([await check_row(hub.store, one, number_of, args.at) for one in found], args, "ci_name,id")


async def show(hub: Hub, _session: Session, args: CheckArguments) -> Row:
    check = await _found(hub, args)
    whole = {"definition": check["definition"], "last_result": check["last_result"]}
    number_of = await numbers_at(hub, args.at)
    return await check_row(hub.store, check, number_of, args.at) | whole


async def explain(hub: Hub, _session: Session, args: CheckArguments) -> dict[str, Any]:
    """Why it is as it is, a sentence a step; also of one that a rule refused."""
    planned = await _planned(hub, args)
    if planned is not None and planned.definition is None and await hub.store.get(Kind.CHECK, args.id) is None:
        return {"check": args.id, "rule": "", "thresholds": {}, "steps": list(planned.steps)}
    check = msgspec.convert(await _found(hub, args), CheckRecord)
    return {
        "check": check.id,
        "rule": check.definition.rule,
        "thresholds": msgspec.to_builtins(check.definition.thresholds),
        "steps": [
            *(planned.steps if planned is not None else ()),
            *_steps(check),
            *[await _blocked(hub, ci, args.at) for ci in check.blocked_by],
        ],
    }


async def _planned(hub: Hub, args: CheckArguments) -> Planned | None:
    """How the rules as they are now come to this check; None where they do not know of it."""
    ci_id, _, name = args.id.rpartition("/")
    ci = await hub.store.get(Kind.CI, ci_id, at=args.at)
    if ci is None:
        return None
    host = await hub.store.get(Kind.CI, ci["host"], at=args.at) if ci.get("host") else None
    related = {body["id"]: body for body in (ci, host) if body is not None}
    here = bool(ci.get("host") and await hub.store.find(Kind.AGENT, {"host": ci["host"]}))
    rules = hub.service_watch.rules
    return planned_for(ci, hub.config.check, rules, related.get, proposals=here).get(name)


async def _blocked(hub: Hub, ci_id: str, at: datetime | None) -> str:
    """Who is in the way, and which of its checks says so."""
    ci = await hub.store.get(Kind.CI, ci_id, at=at)
    down = [check for check in await hub.store.find(Kind.CHECK, {"ci": ci_id}, at=at) if check["state"] == "critical"]
    why = "; ".join(f"{check['type']}: {check['output']}" for check in down) or "it is down"
    return f"cannot be reached, so nobody is told: {ci_id if ci is None else ci['name']}: {why}"


def _steps(check: CheckRecord) -> list[str]:
    definition = check.definition
    steps = [
        f"probe {definition.type} {definition.params or ''}".rstrip(),
        (
            f"every {definition.interval_s:g} s, after a bad result every {definition.retry_s:g} s, "
            f"hard after {definition.max_attempts} in a row"
        ),
    ]
    steps += [
        f"{name}: warning outside {limits.warn or 'nothing'}, critical outside {limits.crit or 'nothing'}"
        for name, limits in definition.thresholds.items()
    ]
    if check.last_result_at is None:
        return [*steps, "no result yet"]
    steps.append(f"last result {check.last_result_at:%Y-%m-%d %H:%M:%SZ}: {check.state}: {check.output}")
    steps += [f"{name} was {check.last_result[name]}" for name in ("expected", "actual") if check.last_result.get(name)]
    hardness = "hard" if check.hard else f"soft, attempt {check.attempt} of {definition.max_attempts}"
    return [*steps, f"{hardness}, {check.state} since {check.since:%Y-%m-%d %H:%M:%SZ}"]


async def run(hub: Hub, _session: Session, args: CheckArguments) -> Row:
    """Have its agent run it now."""
    check = msgspec.convert(await _found(hub, args), CheckRecord)
    if check.agent is None or check.type in JUDGED_AT_HUB:
        raise Refused(Code.USAGE, f"check {check.id}", "is judged at the hub, not run", "see `watchdeck check show`")
    try:
        came = await hub.agents.run_check(check.agent, check.id, check.definition.timeout_s + RUN_GRACE_S)
    except NotConnected:
        raise Refused(
            Code.WRONG, f"check {check.id}", "its agent is not connected", "see `watchdeck agent list`"
        ) from None
    except TimeoutError:
        raise Refused(Code.WRONG, f"check {check.id}", "its agent gave no result in time", "try again") from None
    result = msgspec.to_builtins(came.result, builtin_types=(datetime,))
    return await show(hub, _session, args) | {
        "state": came.result.state.word,
        "output": came.result.output,
        "result": result,
    }


async def _found(hub: Hub, args: CheckArguments) -> Document:
    if (check := await hub.store.get(Kind.CHECK, args.id, at=args.at)) is None:
        raise not_found("check", args.id)
    return check


VERBS: Mapping[str, Verb] = {
    "check.list": Verb(ListArguments, list_),
    "check.show": Verb(CheckArguments, show),
    "check.explain": Verb(CheckArguments, explain),
    "check.run": Verb(CheckArguments, run, Role.OPERATOR),
}
