"""Agents over SSH: enrolled by token, connected by key, cut off when revoked; the system's own ssh on their side."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from agent.key_pair import KeyPair
from agent.ssh_address import HubHost, SshAddress
from cmdb.config import AgentSection, Config, SshSection
from cmdb.hub.client import HubClient, HubRefusal
from cmdb.hub.identities import EnrolledAgent
from cmdb.hub.ingest import Refused
from cmdb.model.kind import Kind
from cmdb.ssh_key import fingerprint
from tests.programs import needs
from tests.support.agents import ROOT, agent_process
from tests.support.hub import client_of, until
from tests.support.ssh import Said, Site, keygen, site_at

pytestmark = pytest.mark.slow


async def enrol(site: Site, state: Path, token: str) -> Said:
    command = [sys.executable, "-m", "agent.main", "enrol", "--state", str(state), "--hub", hub_of(site)]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(token.encode()), 30)
    assert process.returncode is not None
    return Said(process.returncode, out.decode(), err.decode())


def hub_of(site: Site) -> str:
    return f"ssh://127.0.0.1:{site.port}"


async def test_an_agent_enrols_reports_and_is_cut_off_when_revoked(
    site: Site, admin: HubClient, tmp_path: Path
) -> None:
    state = tmp_path / "agent"
    token = (await admin.call("agent.enrol", host="web1"))["token"]
    done = await enrol(site, state, token)
    assert done.status == 0, done.err
    another = (await admin.call("agent.enrol"))["token"]
    again = await enrol(site, tmp_path / "other", token)
    assert (again.status, len(again.err.splitlines())) == (1, 1)
    assert "unknown, used or expired" in again.err
    assert (await enrol(site, tmp_path / "other", another)).status == 0
    with agent_process(state, hub_of(site)) as agent:
        await until(site.hub.ready.is_set, "the first report")
        ((agent_id, live),) = site.hub.agents.live.items()
        assert live.origin.transport == "ssh"
        await until(lambda: site.hub.census.cis > 10, "its CIs")
        await admin.call("agent.revoke", id=agent_id)
        await until(lambda: not site.hub.agents.live and site.door.guard.visitors == 0, "its end")
        revoked = await site.hub.ledger.get(Kind.AGENT, agent_id)
        assert revoked is not None
        assert revoked["state"] == "revoked"
        status, said = agent.stop()
        assert status == 0, said


async def test_an_agent_gets_a_new_key_and_the_old_one_is_worth_nothing(
    site: Site, admin: HubClient, tmp_path: Path
) -> None:
    state = tmp_path / "agent"
    assert (await enrol(site, state, (await admin.call("agent.enrol", host="web1"))["token"])).status == 0
    old = site.client("old")
    for name in ("id_ed25519", "id_ed25519.pub"):
        (old.folder / name.replace("id_ed25519", "key")).write_bytes((state / name).read_bytes())
    with agent_process(state, hub_of(site)) as agent:
        await until(lambda: len(site.hub.agents.live) == 1, "the agent")
        (agent_id,) = site.hub.agents.live
        done = await admin.call("agent.rotate", id=agent_id)
        assert done["rotated"], done
        public = " ".join((state / "id_ed25519.pub").read_text().split()[:2])
        assert done["key"] == fingerprint(public)
        record = await site.hub.ledger.get(Kind.AGENT, agent_id)
        assert record is not None
        assert (record["keys"], record["rotating"]) == ([public], False)
        await until(lambda: list(site.hub.agents.live) == [agent_id], "the agent again")
        assert (await old.run("agent", options=("-s",))).status == 255
        await until(site.hub.ready.is_set, "a report by the new key")
        assert not (state / "id_ed25519.next").exists()
        _, said = agent.stop()
        assert "did not take" not in said
    rows = [(actor, reason) for actor, reason, _ in await site.audit()]
    assert [reason for _, reason in rows if "key" in reason or "rotate" in reason] == [
        "agent rotate", "agent has a new key", "agent uses its new key",
    ]  # fmt: skip


@pytest.mark.parametrize("cut", ["before the hub takes it", "before the agent hears of it", "after the agent took it"])
async def test_a_rotation_that_is_cut_goes_on_and_loses_nothing(
    site: Site, admin: HubClient, tmp_path: Path, cut: str
) -> None:
    state = tmp_path / "agent"
    assert (await enrol(site, state, (await admin.call("agent.enrol", host="web1"))["token"])).status == 0
    (agent,) = await site.hub.store.find(Kind.AGENT)
    await site.hub.keys.order(agent["id"], "test")
    pair = KeyPair(state)
    new = pair.successor()
    if cut != "before the hub takes it":
        await site.hub.keys.take(agent["id"], new)
    if cut == "after the agent took it":
        assert pair.succeed(new)
    with agent_process(state, hub_of(site)):

        async def settled() -> bool:
            (record,) = await site.hub.store.find(Kind.AGENT)
            return bool(record["keys"] == [new] and not record["rotating"])

        await until(settled, "one key, the new one", limit_s=60)
        await until(lambda: len(site.hub.agents.live) == 1, "the agent")


async def test_a_key_is_taken_only_when_it_was_asked_for_and_nobodys(site: Site, admin: HubClient) -> None:
    box, other = site.client("box"), site.client("other")
    await admin.call("agent.place", agent_id="0" * 32, name="box", key=box.public)
    with pytest.raises(Refused, match="was not asked"):
        await site.hub.keys.take("0" * 32, other.public)
    waits = await admin.call("agent.rotate", id="box")
    assert waits["rotated"] is False
    mia = await site.user("mia", "viewer")
    for text, why in ((mia.public, "somebody's already"), ("nonsense", "no key type")):
        with pytest.raises(Refused, match=why):
            await site.hub.keys.take("0" * 32, text)
    await admin.call("agent.revoke", id="box")
    with pytest.raises(HubRefusal, match="no key of its own"):
        await admin.call("agent.rotate", id="box")


async def test_without_an_openssh_client_the_agent_comes_by_asyncssh(
    site: Site, admin: HubClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another_key = site.client("other").public.split()[1]
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    state = tmp_path / "agent"
    assert (await enrol(site, state, (await admin.call("agent.enrol"))["token"])).status == 0
    with agent_process(state, hub_of(site)) as agent:
        await until(lambda: len(site.hub.agents.live) == 1, "the agent", limit_s=60)
        loaded = Path(f"/proc/{agent.process.pid}/maps").read_text()
        assert "cryptography" not in loaded  # it is the helper that has asyncssh in memory, not the agent
        (helper,) = [pid for pid in children(agent.process.pid) if b"agent.own_ssh" in command_of(pid)]
        agent.kill()
        await until(lambda: not Path(f"/proc/{helper}").exists(), "the end of the helper")
    known = state / "known_hosts"
    known.write_text(known.read_text().replace(site.host_key.split()[1], another_key))
    with agent_process(state, hub_of(site)) as agent:
        assert agent.process.stderr is not None
        line = await asyncio.wait_for(asyncio.to_thread(agent.process.stderr.readline), 30)
        assert "key" in line
        assert not site.hub.agents.live


def command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


async def test_a_certificate_of_the_sites_authority_lets_an_agent_in_until_it_expires(tmp_path: Path) -> None:
    needs("ssh", "ssh-keygen")
    authority, state = tmp_path / "authority", tmp_path / "agent"
    keygen("-t", "ed25519", "-N", "", "-f", str(authority))
    config = Config(ssh=SshSection(agent_ca=(f"{authority}.pub",)))
    async with site_at(tmp_path, config=config) as site, await client_of(site.hub) as admin:
        command = [sys.executable, "-m", "agent.main", "key", "--state", str(state), "--trust", hub_of(site)]
        made = subprocess.run(command, cwd=ROOT, input=site.host_key, capture_output=True, text=True, check=True)
        agent_id = json.loads(made.stdout)["agent_id"]

        def certify(name: str, validity: str) -> None:
            keygen("-s", str(authority), "-I", "x", "-n", name, "-V", validity, str(state / "id_ed25519.pub"))

        certify(f"agent-{agent_id}", "-2h:-1h")
        with agent_process(state, hub_of(site)) as agent:
            assert agent.process.stderr is not None
            line = await asyncio.wait_for(asyncio.to_thread(agent.process.stderr.readline), 30)
            assert "Permission denied" in line
        certify(f"agent-{'f' * 32}", "+1h")
        with agent_process(state, hub_of(site)) as agent:
            assert agent.process.stderr is not None
            line = await asyncio.wait_for(asyncio.to_thread(agent.process.stderr.readline), 30)
            assert "Permission denied" in line
        refused = await refusals(site)
        assert any("expired" in text for text in refused), refused
        certify(f"agent-{agent_id}", "+1h")
        with agent_process(state, hub_of(site)):
            await until(lambda: list(site.hub.agents.live) == [agent_id], "the agent")
            with pytest.raises(HubRefusal, match="no key of its own"):
                await admin.call("agent.rotate", id=agent_id)
            await admin.call("agent.revoke", id=agent_id)
            await until(lambda: not site.hub.agents.live, "its end")

            async def is_told() -> bool:
                return any(f"agent {agent_id}: this agent was revoked" in text for text in await refusals(site))

            await until(is_told, "why it is not let in any more")


async def refusals(site: Site) -> list[str]:
    """What the audit says of who was refused."""
    return [text for _, reason, text in await site.audit() if reason == "ssh refused"]


async def test_an_agents_key_opens_nothing_but_the_agents_end(site: Site, admin: HubClient) -> None:
    box = site.client("box")
    agent_id = "0" * 32
    await admin.call("agent.place", agent_id=agent_id, name="box", key=box.public)
    await until(lambda: site.hub.identities.of_key(" ".join(box.public.split()[:2])) is not None, "its key")
    for words, options in (("ci list", ()), ("", ("-T",)), ("sftp", ("-s",)), ("enrol", ("-s",))):
        done = await box.run(*words.split(), options=options)
        assert done.status != 0
        assert done.out == ""
    refused = await refusals(site)
    assert any(f"agent {agent_id} asked for a command" in text for text in refused)
    assert any(f"agent {agent_id} asked for the console" in text for text in refused)


async def test_an_agent_with_anothers_key_is_refused(site: Site, admin: HubClient, tmp_path: Path) -> None:
    state = tmp_path / "agent"
    command = [sys.executable, "-m", "agent.main", "key", "--state", str(state), "--trust", hub_of(site)]
    made = subprocess.run(command, cwd=ROOT, input=site.host_key, capture_output=True, text=True, check=True)
    key = made.stdout.split('"key": "')[1].split('"')[0]
    await admin.call("agent.place", agent_id="f" * 32, name="box", key=key)
    await until(lambda: site.hub.identities.of_key(key) == EnrolledAgent("f" * 32), "its key")
    with agent_process(state, hub_of(site)) as agent:
        assert agent.process.stderr is not None
        line = await asyncio.wait_for(asyncio.to_thread(agent.process.stderr.readline), 30)
        assert "this key belongs to another agent" in line

        async def is_told() -> bool:
            return any("this key belongs to another agent" in text for text in await refusals(site))

        await until(is_told, "the refusal in the audit")


async def test_a_hub_with_another_host_key_is_not_talked_to(site: Site, admin: HubClient, tmp_path: Path) -> None:
    state = tmp_path / "agent"
    token = (await admin.call("agent.enrol"))["token"]
    assert (await enrol(site, state, token)).status == 0
    known = state / "known_hosts"
    known.write_text(
        known.read_text().replace("AAAAC3NzaC1lZDI1NTE5AAAAI", "AAAAC3NzaC1lZDI1NTE5AAAAIA", 1)[:-2] + "\n"
    )
    with agent_process(state, hub_of(site)) as agent:
        assert agent.process.stderr is not None
        line = await asyncio.wait_for(asyncio.to_thread(agent.process.stderr.readline), 30)
        assert "verification failed" in line or "key" in line
        assert not site.hub.agents.live


async def test_without_an_outstanding_token_a_newcomer_is_nobody(site: Site) -> None:
    done = await site.client("stranger").run("enrol", user="enrol", options=("-s",))
    assert (done.status, done.out) == (255, "")


@pytest.mark.parametrize("arguments", [{"agent_id": "x"}, {"agent_id": "../../etc"}, {"key": "nonsense"}])
async def test_what_is_no_agent_is_not_placed(admin: HubClient, site: Site, arguments: dict[str, str]) -> None:
    fine = {"agent_id": "0" * 32, "name": "n", "key": site.client("k").public}
    with pytest.raises(HubRefusal):
        await admin.call("agent.place", **{**fine, **arguments})


async def test_a_killed_agent_leaves_no_ssh_and_no_connection(site: Site, admin: HubClient, tmp_path: Path) -> None:
    state = tmp_path / "agent"
    assert (await enrol(site, state, (await admin.call("agent.enrol"))["token"])).status == 0
    with agent_process(state, hub_of(site)) as agent:
        await until(lambda: len(site.hub.agents.live) == 1, "the agent")
        pid = agent.process.pid
        (ssh,) = [one for one in children(pid) if "ssh" in name(one)]
        agent.kill()
        await until(lambda: not Path(f"/proc/{ssh}").exists(), "the end of its ssh")
        await until(lambda: site.door.guard.visitors == 0, "the end of its connection")


async def test_a_frozen_transport_is_noticed_and_replaced(tmp_path: Path) -> None:
    needs("ssh", "ssh-keygen")
    config = Config(agent=AgentSection(heartbeat_interval_s=0.2, silent_after_s=1))
    async with site_at(tmp_path, config=config) as site, await client_of(site.hub) as admin:
        state = tmp_path / "agent"
        assert (await enrol(site, state, (await admin.call("agent.enrol"))["token"])).status == 0
        with agent_process(state, hub_of(site)) as agent:
            await until(lambda: len(site.hub.agents.live) == 1, "the agent")
            (ssh,) = [one for one in children(agent.process.pid) if "ssh" in name(one)]
            os.kill(ssh, signal.SIGSTOP)
            await until(lambda: not site.hub.agents.live, "the hub to notice")
            os.kill(ssh, signal.SIGCONT)
            await until(lambda: len(site.hub.agents.live) == 1, "the agent again")


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text()


async def test_what_ssh_said_is_told_though_it_was_gone_before_our_first_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether writing or reading finds it out is a race: the reason is the same."""
    ssh = tmp_path / "ssh"
    ssh.write_text("#!/bin/sh\nexec 0<&-\necho 'connect to host hub port 2222: Connection refused' >&2\n")
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    async def speak() -> None:
        async with SshAddress(HubHost("hub"), tmp_path, user="agent").dial() as (_, writer):
            while True:
                writer.write(b"hello" * 10_000)
                await writer.drain()

    with pytest.raises(ConnectionError, match="Connection refused"):
        await asyncio.wait_for(speak(), 30)


async def test_nobody_at_the_port_is_said_once(tmp_path: Path) -> None:
    needs("ssh", "ssh-keygen")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    state = tmp_path / "agent"
    command = [sys.executable, "-m", "agent.main", "key", "--state", str(state)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    with agent_process(state, f"ssh://127.0.0.1:{port}") as agent:
        assert agent.process.stderr is not None
        line = await asyncio.wait_for(asyncio.to_thread(agent.process.stderr.readline), 30)
        assert "refused" in line
        status, said = agent.stop()
        assert (status, said) == (0, "")
