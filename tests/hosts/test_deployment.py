"""Agents on real hosts: deployed, upgraded to a broken build and rolled back, cut off and healed, removed."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cmdb.config import AgentSection, CheckSection, Config
from cmdb.model.kind import Kind
from tests.hosts.fleet import GATEWAY, Fleet, TestHost, fleet
from tests.support.agents import ROOT
from tests.support.hub import until
from tests.support.ssh import Site, site_at
from tests.tui.seen import Seen, console_on

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.xdist_group("hosts")]
CUT_S = 120  # minutes, as a switch that is being replaced takes


@dataclass
class Park:
    """Four hosts, each with something of its own, and the ssh configuration that reaches them."""

    fleet: Fleet
    folder: Path
    web: TestHost  # an ordinary one
    inner: TestHost  # logs nobody in but by way of web; Python 3.9
    plain: TestHost  # a login without root
    full: TestHost  # no room on its disk

    @property
    def ssh_config(self) -> Path:
        return self.folder / "ssh_config"


@pytest.fixture(scope="module")
def park(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Park]:
    with fleet() as made:
        web, inner = made.boot("web1", 11), made.boot("inner1", 12, "bullseye")
        plain, full = made.boot("plain1", 13), made.boot("full1", 14)
        inner.run("echo 'AllowUsers *@198.51.100.11' >>/etc/ssh/sshd_config; systemctl reload ssh")
        plain.run(
            "useradd -m -s /bin/bash ops; mkdir -p ~ops/.ssh; cp /root/.ssh/authorized_keys ~ops/.ssh;"
            " chown -R ops ~ops/.ssh; chmod 700 ~ops/.ssh"
        )
        full.run("mount -t tmpfs -o size=1m tmpfs /opt")
        folder = tmp_path_factory.mktemp("park")
        hosts = [
            ("web1", 11, "root", ""),
            ("inner1", 12, "root", "ProxyJump web1"),
            ("plain1", 13, "ops", ""),
            ("full1", 14, "root", ""),
        ]
        (folder / "ssh_config").write_text(
            "".join(
                f"Host {name}\n  HostName 198.51.100.{number}\n  User {user}\n  IdentityFile {made.key}\n  {more}\n"
                for name, number, user, more in hosts
            )
        )
        yield Park(made, folder, web, inner, plain, full)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    pace = AgentSection(heartbeat_interval_s=1, silent_after_s=5)
    async with site_at(tmp_path, config=Config(agent=pace, check=CheckSection(interval_s=2, retry_s=1))) as site:
        yield site


async def watchdeck(
    site: Site, park: Park, verb: str, *words: str, build: Path = ROOT
) -> tuple[int, list[dict[str, Any]], str]:
    """The exit status, the outcomes and the progress of a deployment command of this build."""
    command = [sys.executable, "-m", "console.main", "agent", verb, *words, "--json", "--accept-new"]
    command += ["--ssh-config", str(park.ssh_config), "--known-hosts", str(park.folder / "known_hosts")]
    command += ["--state", str(site.hub.locations.state)]
    if verb == "deploy":
        command += ["--hub", f"ssh://{GATEWAY}:{site.port}"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=build, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 200)
    assert process.returncode is not None
    assert out, err.decode()
    return process.returncode, json.loads(out), err.decode()


async def hosts_on_record(site: Site) -> set[str]:
    return {one["name"] for one in await site.hub.store.find(Kind.CI, {"class": "host"})}


LOOK_FOR_AN_AGENT = (
    "ls -d /opt/watchdeck-agent ~/.local/share/watchdeck-agent /home/ops/.local/share/watchdeck-agent"
    " /etc/systemd/system/watchdeck* 2>/dev/null; id watchdeck 2>/dev/null; pgrep -fa '[w]atchdeck-agent run';"
    " crontab -l 2>/dev/null | grep watchdeck"
)


def left_on(host: TestHost, user: str = "root") -> str:
    """Whatever of an agent can be found there."""
    return host.run(LOOK_FOR_AN_AGENT, user=user, check=False)


def left_behind_web1(park: Park) -> str:
    """The same of inner1, which only web1 reaches; the first line says that somebody looked."""
    config = park.folder / "looking"
    known = park.folder / "looked_at"
    trusting = f"Host *\n  StrictHostKeyChecking accept-new\n  UserKnownHostsFile {known}\n"
    config.write_text(park.ssh_config.read_text() + trusting)
    command = ["ssh", "-F", str(config), "inner1", f"hostname; {LOOK_FOR_AN_AGENT}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout


async def test_agents_come_to_four_hosts_and_one_is_refused_and_left_as_it_was(site: Site, park: Park) -> None:
    everyone = ("web1", "inner1", "plain1", "full1")
    before = await asyncio.to_thread(files_on, park.full)
    files_of_web = await asyncio.to_thread(files_on, park.web)
    status, dry, _ = await watchdeck(site, park, "deploy", *everyone, "--dry-run")
    assert [one["outcome"] for one in dry] == ["would deploy", "would deploy", "would deploy", "refused"], dry
    status, ended, progress = await watchdeck(site, park, "deploy", *everyone)
    assert status == 1
    assert [one["outcome"] for one in ended] == ["deployed", "deployed", "deployed", "refused"], progress
    assert "MiB are free" in ended[3]["why"]
    assert await asyncio.to_thread(files_on, park.full) == before
    assert await hosts_on_record(site) == {"web1", "inner1", "plain1"}
    units = await site.hub.store.find(Kind.CI, {"class": "unit"}, lambda one: "nginx" in one["name"])
    assert len(units) >= 2
    await until(lambda: site.hub.census.checks["ok"] > 5, "checks on them")
    async with console_on(site.hub.locations.state) as seen:
        await go(seen, "hosts", "web1", "inner1", "plain1")
        await go(seen, "units name~nginx", "nginx.service")
        await go(seen, "checks host_name=inner1", "OK")

    status, again, _ = await watchdeck(site, park, "deploy", "web1", "inner1", "plain1")
    assert (status, [one["outcome"] for one in again]) == (0, ["unchanged"] * 3)

    status, gone, _ = await watchdeck(site, park, "remove", "web1", "inner1", "plain1", "full1")
    assert (status, [one["outcome"] for one in gone]) == (0, ["removed"] * 3 + ["unchanged"])
    for host, user in ((park.web, "root"), (park.plain, "ops")):
        assert await asyncio.to_thread(left_on, host, user) == ""
    assert await asyncio.to_thread(left_behind_web1, park) == "inner1\n"
    assert await asyncio.to_thread(files_on, park.web) - files_of_web == set()
    await until(lambda: not site.hub.agents.live, "the end of their connections")


async def go(seen: Seen, place: str, *words: str) -> None:
    await seen.type(f":{place}")
    await seen.press("enter")
    await seen.shows(*words)


def files_on(host: TestHost) -> set[str]:
    """The names of all that lies on its disk, but for logs, which grow by themselves."""
    return set(host.run("find / -xdev -not -path '/proc/*' -not -path '/run/*' -not -path '/var/log/*'").splitlines())


async def test_the_agent_has_no_rights_but_its_users_until_they_are_asked_for(site: Site, park: Park) -> None:
    effective = "grep CapEff /proc/$(systemctl show -p MainPID --value watchdeck-agent)/status"
    status, _, progress = await watchdeck(site, park, "deploy", "web1")
    assert status == 0, progress
    assert "--map-dependencies" in progress
    assert (await asyncio.to_thread(park.web.run, effective)).split()[1] == "0" * 16
    (agent,) = await site.hub.store.find(Kind.AGENT)
    assert any(section.get("detail") for section in agent["sections"].values()), "it says what it was denied"
    for outcome in ("would reconfigure", "reconfigured", "unchanged"):
        dry = ["--dry-run"] if outcome.startswith("would") else []
        status, ended, progress = await watchdeck(site, park, "deploy", "web1", "--map-dependencies", *dry)
        assert (status, [one["outcome"] for one in ended]) == (0, [outcome]), progress
    assert int((await asyncio.to_thread(park.web.run, effective)).split()[1], 16) == 1 << 2 | 1 << 19
    await until(lambda: len(site.hub.agents.live) == 1, "the same agent again")
    assert (await watchdeck(site, park, "remove", "web1"))[0] == 0
    status, _, progress = await watchdeck(site, park, "deploy", "web1", "--map-dependencies")
    assert status == 0, progress
    assert "--map-dependencies" not in progress
    assert int((await asyncio.to_thread(park.web.run, effective)).split()[1], 16) == 1 << 2 | 1 << 19
    assert (await watchdeck(site, park, "remove", "web1"))[0] == 0


async def test_without_systemd_a_supervisor_of_the_agents_own_user_keeps_it_running(site: Site, park: Park) -> None:
    await asyncio.to_thread(park.web.run, "mount -t tmpfs tmpfs /run/systemd")
    try:
        status, _, progress = await watchdeck(site, park, "deploy", "web1")
        assert status == 0, progress
        find = "pgrep -u watchdeck -f '[r]un.py run'"
        first = (await asyncio.to_thread(park.web.run, find)).strip()
        await asyncio.to_thread(park.web.run, f"kill -9 {first}")
        wait = f'for i in $(seq 60); do now=$({find}) && [ "$now" != {first} ] && break; sleep 0.5; done; echo $now'
        assert (await asyncio.to_thread(park.web.run, wait)).strip() not in {"", first}
        assert (await watchdeck(site, park, "remove", "web1"))[0] == 0
        assert await asyncio.to_thread(left_on, park.web) == ""
    finally:
        await asyncio.to_thread(park.web.run, "umount /run/systemd")


async def test_a_build_that_does_not_report_is_rolled_back_by_the_host_itself(
    site: Site, park: Park, tmp_path: Path
) -> None:
    status, _, progress = await watchdeck(site, park, "deploy", "web1")
    assert status == 0, progress
    version = await asyncio.to_thread(park.web.run, "readlink /opt/watchdeck-agent/current")
    broken = tmp_path / "broken"
    for package in ("agent", "checks", "cmdb", "console"):
        shutil.copytree(ROOT / package, broken / package, ignore=shutil.ignore_patterns("__pycache__"))
    (broken / "agent/uplink.py").write_text("raise SystemExit(7)\n")
    status, ended, progress = await watchdeck(site, park, "upgrade", "web1", "--report-within", "10s", build=broken)
    assert (status, [one["outcome"] for one in ended]) == (1, ["rolled back"]), progress
    assert "did not report within 10 s" in ended[0]["why"]
    assert await asyncio.to_thread(park.web.run, "readlink /opt/watchdeck-agent/current") == version
    assert len((await asyncio.to_thread(park.web.run, "ls /opt/watchdeck-agent/versions")).split()) == 1
    await until(lambda: len(site.hub.agents.live) == 1, "the old one again")
    assert (await watchdeck(site, park, "remove", "web1"))[0] == 0


def reaches_port_80(check: Mapping[str, Any]) -> bool:
    params = check["definition"].get("params", {})
    return check["type"] == "tcp" and (params.get("host"), params.get("port")) == ("127.0.0.1", 80)


async def test_a_host_that_was_cut_off_tells_what_happened_meanwhile_once_and_in_order(site: Site, park: Park) -> None:
    status, _, progress = await watchdeck(site, park, "deploy", "web1")
    assert status == 0, progress
    (agent_id,) = site.hub.agents.live
    await until(lambda: site.hub.census.checks["ok"] > 5, "checks")
    (port_80,) = await site.hub.store.find(Kind.CHECK, {"agent": agent_id}, reaches_port_80)
    outages = "sleep 5; for i in 1 2 3; do systemctl stop nginx; sleep 12; systemctl start nginx; sleep 12; done"
    await asyncio.to_thread(park.web.run, f"({outages}) >/dev/null 2>&1 &")
    await asyncio.to_thread(park.web.cut)
    await until(lambda: not site.hub.agents.live, "the hub to notice", limit_s=60)
    await asyncio.sleep(CUT_S)
    await asyncio.to_thread(park.web.heal)
    await until(lambda: len(site.hub.agents.live) == 1, "the agent again", limit_s=120)

    async def states() -> list[str]:
        rows = await site.hub.store.history(Kind.CHECK, port_80["id"])
        return [row.after for row in reversed(rows) if row.attribute == "state"]

    async def told() -> bool:
        return (await states()).count("critical") == 3 and (await states())[-1] == "ok"

    await until(told, "the outages of nginx in its record", limit_s=60)
    hard = [state for state in await states() if state in {"ok", "critical"}]
    assert hard[-6:] == ["critical", "ok"] * 3
    assert (await watchdeck(site, park, "remove", "web1"))[0] == 0
