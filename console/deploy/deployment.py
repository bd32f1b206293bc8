"""Putting the agent on hosts, many at a time: each either ends well or is left as it was."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmdb.hub.client import HubClient, HubGone, HubRefusal
from console.deploy.facts import Facts, Place, Unfit, installed_at, parse_facts, placed
from console.deploy.host import SCRIPT, STEP_LIMIT_S, Host, HostFailed, Target, Way, reached
from console.deploy.payload import NoLibraries, Payload, payload

REPORT_LIMIT_S = 90
ASK_AGAIN_S = 0.5
UNSEEN = "unprivileged: others' sockets and serial numbers stay unseen (--map-dependencies lets it read what is root's)"
NOT_MAPPED = "nothing can be mapped there: only systemd gives an agent's own user what root reads"
FAILED = frozenset({"failed", "refused", "rolled back"})

Say = Callable[[Target, str], None]


@dataclass(frozen=True)
class Wanted:
    """What is asked for. `hub` is the address that hosts are to use; empty: the one from which they see us."""

    way: Way
    wheels: Path
    hub: str = ""
    become: bool = False
    dry_run: bool = False
    at_once: int = 8
    fresh: bool = True  # hosts without an agent get one
    map_dependencies: bool = False  # the agent may read what is root's
    report_limit_s: float = REPORT_LIMIT_S


@dataclass(frozen=True)
class Ended:
    """How it went for one host."""

    host: str
    # deployed | upgraded | reconfigured | unchanged | removed | would deploy | … | failed | refused | rolled back
    outcome: str
    why: str = ""
    version: str = ""
    agent: str = ""


class Deployment:
    """One run over hosts, with the hub that they are to report to."""

    def __init__(self, client: HubClient, wanted: Wanted, say: Say) -> None:
        self._client, self._wanted, self._say = client, wanted, say
        self._room = asyncio.Semaphore(wanted.at_once)
        self._payloads: dict[tuple[tuple[int, int], str], asyncio.Task[Payload]] = {}

    async def deploy(self, targets: Sequence[Target]) -> list[Ended]:
        """Have the agent on each of them."""
        return await asyncio.gather(*(self._one(target, self._deploy) for target in targets))

    async def remove(self, targets: Sequence[Target]) -> list[Ended]:
        """Leave nothing of it on any of them."""
        return await asyncio.gather(*(self._one(target, self._remove) for target in targets))

    async def _one(self, target: Target, work: Callable[[Target, Host, Facts], Any]) -> Ended:
        async with self._room:
            try:
                self._say(target, "connecting")
                async with reached(target, self._wanted.way) as host:
                    ended = await work(target, host, parse_facts(await host.probe(become=self._wanted.become)))
            except (Unfit, NoLibraries) as error:
                ended = Ended(target.name, "refused", str(error))
            except (HostFailed, HubRefusal, HubGone, OSError) as error:
                ended = Ended(target.name, "failed", str(error))
        self._say(target, f"{ended.outcome}{': ' if ended.why else ''}{ended.why}")
        assert isinstance(ended, Ended)
        return ended

    async def _deploy(self, target: Target, host: Host, facts: Facts) -> Ended:
        wanted = self._wanted
        place = placed(facts, become=wanted.become)
        if not place.installed and not wanted.fresh:
            raise Unfit("there is no agent yet: use agent deploy")
        sent = await self._payload(place)
        current = place.installed == sent.version and await self._runs(host, place)
        other_reads = bool(place.installed) and wanted.map_dependencies and place.can_read_all and place.reads != "all"
        if wanted.map_dependencies and not place.can_read_all:
            self._say(target, NOT_MAPPED)
        if current and not other_reads:
            return Ended(target.name, "unchanged", version=sent.version)
        if wanted.dry_run:
            would = "reconfigure" if current else "upgrade" if place.installed else "deploy"
            return Ended(target.name, f"would {would}", version=sent.version)
        if other_reads:
            await self._let_read_all(target, host, place)
        if current:
            return Ended(target.name, "reconfigured", version=sent.version)
        if place.installed:
            return await self._upgrade(target, host, place, sent)
        return await self._install(target, host, place, sent, await self._hub(facts))

    async def _install(self, target: Target, host: Host, place: Place, sent: Payload, hub: tuple[str, str]) -> Ended:
        address, host_key = hub
        become, agent_id = place.become, ""
        try:
            self._say(target, f"installing {sent.version}")
            await host.put(place.root, "host.sh", SCRIPT, become=become)
            await host.put(
                place.root,
                "settings",
                place.settings(address, reads_all=self._wanted.map_dependencies).encode(),
                become=become,
            )
            await host.step(place.root, "install", sent.version, stdin=sent.archive, become=become)
            made = json.loads(await host.step(place.root, "key", stdin=f"{host_key}\n".encode(), become=become))
            agent_id = str(made["agent_id"])
            await self._client.call("agent.place", agent_id=agent_id, name=target.name, key=made["key"])
            await host.step(place.root, "start", become=become)
            if place.user and not self._wanted.map_dependencies:
                self._say(target, UNSEEN)
            self._say(target, "waiting for its first report")
            await self._reported(agent_id)
        except BaseException:
            self._say(target, "taking it out again")
            await host.step(place.root, "remove", become=become)
            if agent_id:
                await self._client.call("agent.revoke", id=agent_id)
            raise
        return Ended(target.name, "deployed", version=sent.version, agent=agent_id)

    async def _let_read_all(self, target: Target, host: Host, place: Place) -> None:
        self._say(target, "letting it read what is root's")
        await host.put(place.root, "host.sh", SCRIPT, become=place.become)
        await host.step(place.root, "reads", "all", become=place.become)

    async def _upgrade(self, target: Target, host: Host, place: Place, sent: Payload) -> Ended:
        """The host watches the new one itself and goes back, whether we are there to see it or not."""
        self._say(target, f"upgrading from {place.installed} to {sent.version}")
        await host.put(place.root, "host.sh", SCRIPT, become=place.become)
        await host.step(place.root, "install", sent.version, stdin=sent.archive, become=place.become)
        limit_s = self._wanted.report_limit_s
        words = ("switch", sent.version, f"{limit_s:.0f}")
        answer = await host.step(place.root, *words, become=place.become, limit_s=2 * limit_s + STEP_LIMIT_S)
        if answer.splitlines()[-1:] == ["switched"]:
            return Ended(target.name, "upgraded", version=sent.version)
        why = f"{sent.version} did not report within {limit_s:g} s"
        return Ended(target.name, "rolled back", why, version=place.installed)

    async def _remove(self, target: Target, host: Host, facts: Facts) -> Ended:
        roots = installed_at(facts, become=self._wanted.become)
        if not roots:
            return Ended(target.name, "unchanged", "no agent is there")
        if self._wanted.dry_run:
            return Ended(target.name, "would remove")
        become = self._wanted.become and facts.single.get("uid") != "0"
        for root in roots:
            made = json.loads(await host.step(root, "identity", become=become))
            await host.step(root, "remove", become=become)
            await self._revoke(str(made["agent_id"]))
        return Ended(target.name, "removed")

    async def _revoke(self, agent_id: str) -> None:
        try:
            await self._client.call("agent.revoke", id=agent_id)
        except HubRefusal as refusal:
            if refusal.failure.code != "not_found":
                raise

    async def _runs(self, host: Host, place: Place) -> bool:
        try:
            await host.step(place.root, "running", become=place.become)
        except HostFailed:
            return False
        return True

    async def _reported(self, agent_id: str) -> None:
        """Until the hub has this agent's report. Raises `HostFailed`."""
        loop = asyncio.get_running_loop()
        limit_s = self._wanted.report_limit_s
        deadline = loop.time() + limit_s
        while (agent := await self._client.call("agent.show", id=agent_id))["last_report"] is None:
            if loop.time() > deadline:
                raise HostFailed(f"no report came within {limit_s:g} s; the agent is {agent['state']}")
            await asyncio.sleep(ASK_AGAIN_S)

    async def _hub(self, facts: Facts) -> tuple[str, str]:
        """Where the host is to look for the hub, and the hub's host key. Raises `Unfit`."""
        ssh = (await self._client.call("hub.status")).get("ssh")
        if not ssh:
            raise Unfit("the hub has no SSH port open for agents")
        if self._wanted.hub:
            return self._wanted.hub, ssh["key"]
        if not facts.client:
            raise Unfit("the host does not say from where it sees us: name the hub with --hub ssh://HOST:PORT")
        name = f"[{facts.client}]" if ":" in facts.client else facts.client
        return f"ssh://{name}:{ssh['port']}", ssh["key"]

    async def _payload(self, place: Place) -> Payload:
        """Packed once for all hosts of a kind."""
        kind = (place.python_version, place.machine)
        if kind not in self._payloads:
            work = asyncio.to_thread(payload, *kind, self._wanted.wheels)
            self._payloads[kind] = asyncio.create_task(work)
        return await asyncio.shield(self._payloads[kind])
