"""Checks that are bad as troubles: with their CI's name, what they share a key with, and what they depend on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from cmdb.hub.upstream import Upstream
from cmdb.model.kind import Kind
from cmdb.practices.correlation import SAYS_NOTHING_OF_DOWN, Trouble, shared_key
from cmdb.practices.outside import Event
from cmdb.store.protocol import Document, Store

LONGEST_TITLE = 200


class Troubles:
    """Reads what a trouble needs to know from the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # Who keeps a check's CI from being reached, by the CI and the check's type; set by who knows it.
        self.blockers_of: Callable[[str, str], tuple[str, ...]] = lambda _ci, _type: ()
        self.upstream = Upstream(store)

    async def of(self, check: Document) -> Trouble:
        """This bad check as a trouble."""
        ci = await self._store.get(Kind.CI, check["ci"])
        name = check["ci"] if ci is None else ci["name"]
        place = await self._place(check["ci"], ci)
        down = check["state"] == "critical" and check["type"] not in SAYS_NOTHING_OF_DOWN
        owner = check["ci"] if ci is None else await self.upstream.owner(ci)
        since: datetime = check["since"]
        return Trouble(
            check=check["id"],
            ci=check["ci"],
            ci_name=name,
            key=shared_key(owner) if down else check["id"],
            title=f"{place}: {check['output'] or check['type'] + ' is ' + check['state']}"[:LONGEST_TITLE],
            name=f"{check['type']} of {place}",
            severity=check["state"],
            since=since,
            down=down,
            upstream=await self.upstream.of(check["ci"]),
            blocked_by=self.blockers_of(check["ci"], check["type"]),
        )

    async def of_event(self, event: Event, now: datetime) -> Trouble:
        """What another system reports, as a trouble of the item that it names, if we know that."""
        ci = await self._named(event.names)
        return Trouble(
            check=event.key,
            ci="" if ci is None else ci["id"],
            ci_name="" if ci is None else ci["name"],
            key=event.key,
            title=event.title,
            name=event.title,
            severity=event.severity,
            since=now,
            upstream={} if ci is None else await self.upstream.of(ci["id"]),
            labels={"source": "outside", **event.labels},
            text=event.text,
        )

    async def called(self, check: Document) -> str:
        """The check for people: `tcp of tcp/0.0.0.0:80 on web-1`."""
        place = await self._place(check["ci"], await self._store.get(Kind.CI, check["ci"]))
        return f"{check['type']} of {place}"

    async def _place(self, id_: str, ci: Document | None) -> str:
        """A CI's name, and the host that it is on: two hosts have a `tcp/0.0.0.0:80` each."""
        if ci is None:
            return id_
        host = await self._store.get(Kind.CI, ci["host"]) if ci.get("host") not in {None, ci["id"]} else None
        return str(ci["name"]) if host is None else f"{ci['name']} on {host['name']}"

    async def _named(self, names: Sequence[str]) -> Document | None:
        """The CI of this id, else the host of this name, else the only CI of it."""
        for name in names:
            if (ci := await self._store.get(Kind.CI, name)) is not None:
                return ci
            found = [one for one in await self._store.find(Kind.CI, {"name": name}) if one["status"] != "retired"]
            hosts = [one for one in found if one["class"] == "host"]
            if len(hosts or found) == 1:
                return (hosts or found)[0]
        return None
