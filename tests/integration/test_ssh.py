"""The front door, with the real OpenSSH client."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cmdb.config import Config, SshSection
from cmdb.model.change import Put
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind
from console.errors import CommandError
from console.exit_codes import Exit
from console.ssh.door import Door
from tests.programs import needs
from tests.support.hub import START, ci, client_of, hub_at, put, until
from tests.support.ssh import Site, keygen, site_at

pytestmark = pytest.mark.slow


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    needs("ssh", "ssh-keygen")
    async with site_at(tmp_path) as site:
        yield site


async def incident(site: Site, number: int) -> None:
    one = Incident(
        id=str(number),
        number=number,
        title="disk full",
        priority=2,
        impact=2,
        urgency=1,
        key=f"k{number}",
        opened_at=START,
    )
    await site.hub.ledger.commit([Put(Kind.INCIDENT, one)], actor="test", reason="test")
    await until(lambda: site.hub.census.open_incidents > 0, "the incident")


async def test_a_command_is_answered_with_its_output_and_status(site: Site) -> None:
    mia = await site.user("mia", "admin")
    await put(site.hub, ci("web", "host", host="web"))
    done = await mia.run("ci", "list", "--json")
    assert (done.status, done.err) == (0, "")
    assert [row["id"] for row in json.loads(done.out)] == ["web"]
    missing = await mia.run("user remove nobody")
    assert (missing.status, missing.out) == (3, ""), missing
    assert len(missing.err.splitlines()) == 1


async def test_a_shell_without_a_terminal_lists_open_incidents(site: Site) -> None:
    mia = await site.user("mia", "on-call")
    await incident(site, 12)
    done = await mia.run(options=("-T",))
    assert done.status == 0
    assert "INC-12" in done.out


@pytest.mark.parametrize(("words", "status"), [("'unfinished", 2), ("frobnicate", 4), ("incident frobnicate", 2)])
async def test_what_is_no_command_says_so_in_one_line(site: Site, words: str, status: int) -> None:
    mia = await site.user("mia", "admin")
    done = await mia.run(words)
    assert (done.status, done.out, len(done.err.splitlines())) == (status, "", 1)


@pytest.mark.parametrize(
    "words",
    [
        "up",
        "hub",
        "agent run --state /tmp/x",
        "config check",
        "ci list --state /tmp",
        "user add x --key /etc/shadow --role admin",
        "check import nagios /etc/shadow",
        "check run --plugin /bin/sh",
        "import csv /etc/shadow",
        "oncall import night /etc/shadow",
        "agent -- run --state /tmp/x",
    ],
)
async def test_the_hubs_own_machine_is_out_of_reach_also_for_an_admin(site: Site, words: str) -> None:
    root = await site.user("root", "admin")
    done = await root.run(words)
    assert done.status == 4, done
    assert len(done.err.splitlines()) == 1


async def test_input_reaches_the_command(site: Site) -> None:
    root = await site.user("root", "admin")
    tom = site.client("tom")
    done = await root.run("user add tom --role viewer --key -", stdin=tom.public.encode())
    assert done.status == 0, done
    await until(lambda: site.hub.identities.person("tom") is not None, "tom")
    assert (await tom.run("ci list")).status == 0


async def test_what_is_wanted_at_three_in_the_morning_is_there(site: Site) -> None:
    olga = await site.user("olga", "on-call")
    await incident(site, 12)
    for words in (
        "oncall who",
        "oncall mine",
        "oncall gaps",
        "silence list",
        "maintenance list",
        "service list",
        "who",
    ):
        done = await olga.run(words)
        assert (done.status, done.err) == (0, ""), (words, done)
    hushed = await olga.run("silence add host=web1 --for 1h -m hush --json")
    assert hushed.status == 0, hushed
    assert len(json.loads((await olga.run("silence list --json")).out)) == 1
    assert (await olga.run("report incidents --period 7d")).status == 0
    imported = await olga.run("import csv - --dry-run", stdin=b"name\n")
    assert "is not for SSH" not in imported.err


async def test_who_is_on_says_from_where(site: Site) -> None:
    mia, tom = await site.user("mia", "operator"), await site.user("tom", "viewer")
    watching = await asyncio.create_subprocess_exec(
        *mia.command("incident list --watch"), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await until(lambda: list(site.hub.presence.rows()) != [], "mia's list")
        (row,) = json.loads((await tom.run("who --json")).out)
        assert (row["name"], row["role"], row["via"], row["place"]) == ("mia", "operator", "ssh 127.0.0.1", "incidents")
    finally:
        watching.terminate()
        await watching.wait()
    await until(lambda: list(site.hub.presence.rows()) == [], "mia's end")


async def test_a_role_is_held_and_the_audit_says_who_did_what(site: Site) -> None:
    viewer = await site.user("vic", "viewer")
    await incident(site, 12)
    done = await viewer.run("ack 12")
    assert done.status == 4
    assert "viewer" in done.err
    rows = await site.audit()
    assert ("vic", "ssh command", "ack 12") in rows

    async def is_told() -> bool:
        refused = [text for _, reason, text in await site.audit() if reason == "ssh refused"]
        return refused == ["vic: incident.ack: vic is viewer, it takes operator"]

    await until(is_told, "the refusal in the audit")
    assert any(actor == "vic" and reason == "ssh login" for actor, reason, _ in rows)
    on_call = await site.user("olga", "on-call")
    assert (await on_call.run("ack 12")).status == 0
    assert any(actor == "olga" and "incident 12" in text for actor, _, text in await site.audit())


async def test_an_unknown_key_is_refused_and_the_audit_says_which(site: Site) -> None:
    stranger = site.client("stranger")
    done = await stranger.run("ci list")
    assert done.status == 255
    assert "Permission denied (publickey)" in done.err
    await until(lambda: site.door.guard.strangers == 0, "the stranger's end")
    for _ in range(3):
        await stranger.run("ci list")
    await site.hub.ledger.note(actor="test", reason="mark", summary="")
    refusals = [text for _, reason, text in await site.audit() if reason == "ssh refused"]
    assert len(refusals) == 1
    assert "is nobody's key here" in refusals[0]


async def test_a_removed_user_is_cut_off_at_once(site: Site) -> None:
    mia = await site.user("mia", "operator")
    process = await asyncio.create_subprocess_exec(
        *mia.command("incident list --watch"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    await until(lambda: site.door.guard.visitors == 1, "mia")
    async with await client_of(site.hub) as admin:
        await admin.call("user.remove", name="mia")
    _, err = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 255, err
    assert (await mia.run("ci list")).status == 255


async def test_a_client_that_wants_compression_does_without(site: Site) -> None:
    mia = await site.user("mia", "viewer")
    done = await mia.run("status --json", options=("-C",))
    assert (done.status, done.err) == (0, "")


async def test_where_the_usual_port_is_taken_the_door_takes_a_free_one_but_never_in_place_of_a_named_one(
    tmp_path: Path,
) -> None:
    with socket.create_server(("", 0)) as other:
        taken = other.getsockname()[1]
        async with hub_at(tmp_path, config=Config(ssh=SshSection(port=taken))) as hub:
            async with Door(hub).open(None):
                assert hub.ssh is not None
                assert hub.ssh[1] not in {0, taken}
            with pytest.raises(CommandError, match="another program listens there") as refused:
                await Door(hub).open(taken).__aenter__()
            assert refused.value.status is Exit.CONFLICT


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-L", "127.0.0.1:0:127.0.0.1:22", "-o", "ExitOnForwardFailure=yes"), "ci list"),
        (("-R", "127.0.0.1:0:127.0.0.1:22", "-o", "ExitOnForwardFailure=yes"), "ci list"),
        (("-s",), "sftp"),
        (("-s",), "agent"),
        (("-W", "127.0.0.1:22"), ""),
    ],
)
async def test_nothing_else_is_offered(site: Site, options: tuple[str, ...], words: str) -> None:
    root = await site.user("root", "admin")
    done = await root.run(*words.split(), options=options)
    assert done.status != 0 or "-L" in options, done
    if "-L" not in options:  # which asks for nothing until somebody comes

        async def is_told() -> bool:
            refused = [text for _, reason, text in await site.audit() if reason == "ssh refused"]
            return len(refused) == 1 and "root" in refused[0] and "asked for" in refused[0]

        await until(is_told, "the refusal in the audit")


async def test_two_ways_to_the_same_machine_do_not_share_what_is_typed(site: Site) -> None:
    mia, tom = await site.user("mia", "admin"), await site.user("tom", "viewer")
    both = await asyncio.gather(mia.run("user list --json"), tom.run("user list --json"))
    assert [done.status for done in both] == [0, 4]


async def test_a_certificate_of_the_sites_authority_lets_in_until_it_expires(tmp_path: Path) -> None:
    needs("ssh", "ssh-keygen")
    authority = tmp_path / "authority"
    keygen("-t", "ed25519", "-N", "", "-f", str(authority))
    config = Config(ssh=SshSection(user_ca=(f"{authority}.pub",)))
    async with site_at(tmp_path, config=config) as site:
        mia = await site.user("mia", "operator")
        other = site.client("laptop")
        keygen("-s", str(authority), "-I", "mia", "-n", "mia", "-V", "+1h", f"{other.key}.pub")
        assert (await other.run("ci list", user="mia")).status == 0
        assert (await other.run("ci list", user="root")).status == 255
        keygen("-s", str(authority), "-I", "mia", "-n", "mia", "-V", "-2h:-1h", f"{other.key}.pub")
        late = await other.run("ci list", user="mia")
        assert (late.status, late.out) == (255, "")
        assert late.err.splitlines() == ["mia@127.0.0.1: Permission denied (publickey)."]
        refusals = [text for _, reason, text in await site.audit() if reason == "ssh refused"]
        assert any("expired" in text for text in refusals), refusals
        assert mia.public


async def test_a_certificate_for_nobody_in_particular_is_nobodys(tmp_path: Path) -> None:
    needs("ssh", "ssh-keygen")
    authority = tmp_path / "authority"
    keygen("-t", "ed25519", "-N", "", "-f", str(authority))
    config = Config(ssh=SshSection(user_ca=(f"{authority}.pub",)))
    async with site_at(tmp_path, config=config) as site:
        await site.user("root", "admin")
        laptop = site.client("laptop")
        keygen("-s", str(authority), "-I", "anybody", "-V", "+1h", f"{laptop.key}.pub")
        assert (await laptop.run("user list", user="root")).status == 255
        refusals = [text for _, reason, text in await site.audit() if reason == "ssh refused"]
        assert any("made for another name" in text for text in refusals), refusals
