"""Somebody looks after a check that is not well."""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.table import VERBS
from cmdb.hub.api.verb import checked
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.session import Session
from cmdb.model.kind import Kind
from tests.support.hub import check, ci, put, until


async def acknowledged(hub: Hub, id_: str, who: str = "mia") -> dict[str, Any]:
    verb = VERBS["check.ack"]
    answer: dict[str, Any] = await verb.run(
        hub, Session(who, Role.OPERATOR, lambda *_: True), checked(verb, "check.ack", {"id": id_, "text": "on it"})
    )
    return answer


async def test_a_warning_without_an_incident_is_looked_after_until_it_is_well(hub: Hub) -> None:
    await put(hub, ci("web", "host", host="web"), check("web", "load", "warning"))
    assert (await acknowledged(hub, "web/load"))["acknowledged_by"] == "mia"
    with pytest.raises(Refused, match="was acknowledged by mia") as refused:
        await acknowledged(hub, "web/load", "kim")
    assert refused.value.code is Code.CONFLICT


async def test_the_incident_of_a_check_is_acknowledged_with_it(hub: Hub) -> None:
    await put(hub, ci("web"), check("web", "tcp", "critical"))
    await until(lambda: hub.book.of_check("web/tcp") is not None, "an incident")
    answer = await acknowledged(hub, "web/tcp")
    incident = await hub.store.get(Kind.INCIDENT, str(answer["incident"]))
    assert incident is not None
    assert (incident["state"], incident["acknowledged_by"]) == ("acknowledged", "mia")
    with pytest.raises(Refused, match="acknowledged"):
        await acknowledged(hub, "web/tcp", "kim")


async def test_what_is_well_needs_nobody(hub: Hub) -> None:
    await put(hub, ci("web"), check("web", "tcp", "ok"))
    with pytest.raises(Refused, match="nothing to acknowledge"):
        await acknowledged(hub, "web/tcp")
    with pytest.raises(Refused, match="is not known"):
        await acknowledged(hub, "web/nothing")
