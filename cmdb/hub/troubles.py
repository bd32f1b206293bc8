"""Checks that are bad as troubles: with their CI's name, what they share a key with, and what they depend on."""

from __future__ import annotations

from datetime import datetime

from cmdb.hub.upstream import Upstream
from cmdb.model.kind import Kind
from cmdb.practices.correlation import SAYS_NOTHING_OF_DOWN, Trouble, shared_key
from cmdb.store.protocol import Document, Store

LONGEST_TITLE = 200


class Troubles:
    """Reads what a trouble needs to know from the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.upstream = Upstream(store)

    async def of(self, check: Document) -> Trouble:
        """This bad check as a trouble."""
        ci = await self._store.get(Kind.CI, check["ci"])
        name = check["ci"] if ci is None else ci["name"]
        down = check["state"] == "critical" and check["type"] not in SAYS_NOTHING_OF_DOWN
        owner = check["ci"] if ci is None else await self.upstream.owner(ci)
        since: datetime = check["since"]
        return Trouble(
            check=check["id"],
            ci=check["ci"],
            ci_name=name,
            key=shared_key(owner) if down else check["id"],
            title=f"{name}: {check['output'] or check['type'] + ' is ' + check['state']}"[:LONGEST_TITLE],
            severity=check["state"],
            since=since,
            down=down,
            upstream=await self.upstream.of(check["ci"]),
        )
