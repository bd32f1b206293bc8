"""Which agent is the hub's own: the one on the hub's machine, which comes by the local socket.

Several may come that way (a demo's do): the first stays it, until it is heard no more and another one is.
"""

from __future__ import annotations

from cmdb.store.protocol import Document


class OwnAgent:
    """`id` and `host` are None until it first came; `host` is the id of the item that it reports."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.host: str | None = None
        self._heard = False

    def take(self, agent: Document) -> bool:
        """An agent is like this now; whether the hub's own is another one, or on another host, than before."""
        before = self.id, self.host
        if agent["id"] == self.id:
            self._heard = agent["state"] == "connected"
        elif agent["transport"] == "local" and agent["state"] != "revoked" and not self._heard:
            self.id, self._heard = agent["id"], agent["state"] == "connected"
        if agent["id"] == self.id:
            self.host = agent.get("host") or self.host
        return (self.id, self.host) != before
