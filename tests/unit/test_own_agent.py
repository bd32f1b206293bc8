"""Of several agents that come by the local socket, one is the hub's own."""

from __future__ import annotations

import msgspec

from cmdb.hub.own_agent import OwnAgent
from cmdb.model.agent import AgentRecord
from cmdb.store.protocol import Document


def agent(id_: str, *, host: str | None = "h", state: str = "connected", transport: str = "local") -> Document:
    record = AgentRecord(id=id_, name=id_, host=host, state=state, transport=transport)
    return dict(msgspec.to_builtins(record))


def test_the_first_stays_it_while_it_is_heard() -> None:
    own = OwnAgent()
    assert own.take(agent("a", host=None))
    assert own.take(agent("a", host="h1"))
    assert not own.take(agent("b", host="h2"))
    assert not own.take(agent("a", host=None))
    assert (own.id, own.host) == ("a", "h1")


def test_another_follows_one_that_is_heard_no_more() -> None:
    own = OwnAgent()
    own.take(agent("a", host="h1"))
    assert not own.take(agent("a", host="h1", state="silent"))
    assert own.id == "a"
    assert own.take(agent("b", host="h2"))
    assert (own.id, own.host) == ("b", "h2")


def test_one_far_away_or_revoked_is_never_it() -> None:
    own = OwnAgent()
    assert not own.take(agent("a", transport="ssh"))
    assert not own.take(agent("b", state="revoked"))
    assert own.id is None
