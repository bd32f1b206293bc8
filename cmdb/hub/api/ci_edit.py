"""`ci.set`, `ci.retire`: what a person says of a CI. What they set wins over what is discovered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from agent.discovery.clean import clean_text, clean_value
from agent.discovery.sections import section_of
from cmdb.hub.api.find import by_id_or_name
from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.session import Session
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Put
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind

MOST_OVERRIDES = 256
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][\w.-]{0,127}$")]


class SetArguments(Arguments, frozen=True, kw_only=True):
    """`values` by attribute; null takes a person's value away, so that the discovered one shows again."""

    id: str
    values: dict[Name, Any]
    text: str = ""


class RetireArguments(Arguments, frozen=True, kw_only=True):
    id: str
    text: str = ""


async def set_(hub: Hub, session: Session, args: SetArguments) -> dict[str, Any]:
    """The CI as it is then."""
    ci = await _ci(hub, args.id)
    said = {name: clean_value(value) for name, value in args.values.items()}
    overrides = {name: value for name, value in {**ci.overrides, **said}.items() if value is not None}
    if len(overrides) > MOST_OVERRIDES:
        raise Refused(Code.USAGE, f"ci {ci.name}", f"more than {MOST_OVERRIDES} values are set by hand")
    after = msgspec.structs.replace(ci, overrides=overrides)
    reason = clean_text(args.text) or f"set {', '.join(sorted(args.values))}"
    await hub.ledger.commit([Put(Kind.CI, after, ci.version)], actor=session.actor, reason=reason)
    return dict(await by_id_or_name(hub.store, Kind.CI, ci.id))


async def retire(hub: Hub, session: Session, args: RetireArguments) -> dict[str, Any]:
    """The CI, retired, and with a host all that is on it. What reports again is in use again."""
    ci = await _ci(hub, args.id)
    on_it = await hub.store.find(Kind.CI, {"host": ci.id}) if ci.host == ci.id else []
    every = [ci, *(msgspec.convert(one, ConfigurationItem) for one in on_it if one["id"] != ci.id)]
    changes = [Put(Kind.CI, msgspec.structs.replace(one, status="retired"), one.version) for one in every]
    for agent in await hub.store.read(Kind.AGENT, AgentRecord, "host", [ci.host or ci.id]):
        after = msgspec.structs.replace(agent, sections=_still_known(agent, ci))
        changes.append(Put(Kind.AGENT, after, agent.version))
    reason = clean_text(args.text) or f"retired {ci.name}"
    await hub.ledger.commit(changes, actor=session.actor, reason=reason)
    return dict(await by_id_or_name(hub.store, Kind.CI, ci.id))


def _still_known(agent: AgentRecord, retired: ConfigurationItem) -> dict[str, Any]:
    """Its sections but for the one that lists what was retired: sent whole again, it shows whether that is there."""
    if retired.host == retired.id:
        return {}
    owner = section_of(retired.class_, retired.key)
    return {name: said for name, said in agent.sections.items() if owner is None or name != owner.name}


async def _ci(hub: Hub, id_: str) -> ConfigurationItem:
    return msgspec.convert(await by_id_or_name(hub.store, Kind.CI, id_), ConfigurationItem)


VERBS: Mapping[str, Verb] = {
    "ci.set": Verb(SetArguments, set_, Role.OPERATOR),
    "ci.retire": Verb(RetireArguments, retire, Role.OPERATOR),
}
