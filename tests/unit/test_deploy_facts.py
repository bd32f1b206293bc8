"""From what a host says of itself to where the agent goes, or why it does not."""

from __future__ import annotations

import dataclasses

import pytest

from console.deploy.facts import Facts, Unfit, parse_facts, placed
from console.deploy.host import Target, read_inventory

DEBIAN = """\
Welcome to web1! a=b is not ours
system=Linux
machine=x86_64
libc=glibc
uid=0
home=/root
systemd=yes
ssh=/usr/bin/ssh
keygen=/usr/bin/ssh-keygen
crontab=/usr/bin/crontab
client=192.0.2.9 50123 192.0.2.10 22
python=3.8 /usr/bin/python3
python=3.11 /usr/bin/python3.11
free_kb=/opt 81920000
free_kb=/root 81920000
installed=/opt/watchdeck-agent 0.1.0-abc
reads=/opt/watchdeck-agent own
"""


def but(**changes: str) -> Facts:
    """The Debian host, but for this."""
    facts = parse_facts(DEBIAN)
    return dataclasses.replace(facts, single={**facts.single, **changes})


def test_a_root_login_installs_for_the_whole_host_as_a_user_of_its_own() -> None:
    place = placed(parse_facts(DEBIAN), become=False)
    assert (place.root, place.user, place.mode, place.become) == ("/opt/watchdeck-agent", "watchdeck", "systemd", False)
    assert (place.python, place.python_version) == ("/usr/bin/python3.11", (3, 11))
    assert (place.installed, place.reads, place.can_read_all) == ("0.1.0-abc", "own", True)
    assert parse_facts(DEBIAN).client == "192.0.2.9"


def test_a_login_without_root_installs_at_home() -> None:
    facts = dataclasses.replace(but(uid="1000", home="/home/ops"), free_kb={"/home/ops": 100_000, "/opt": 0})
    place = placed(facts, become=False)
    assert (place.root, place.user, place.mode) == ("/home/ops/.local/share/watchdeck-agent", "", "loop")
    assert not place.can_read_all


def test_become_takes_sudo_without_a_password() -> None:
    assert placed(but(uid="1000", sudo="yes"), become=True).become
    with pytest.raises(Unfit, match="sudo asks for a password"):
        placed(but(uid="1000", sudo="no"), become=True)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"system": "FreeBSD"}, "runs FreeBSD"),
        ({"machine": "sparc64"}, "no build"),
        ({"libc": "musl"}, "musl"),
        ({"ssh": ""}, "install openssh-client"),
    ],
)
def test_what_cannot_have_an_agent_says_why(changes: dict[str, str], why: str) -> None:
    with pytest.raises(Unfit, match=why):
        placed(but(**changes), become=False)


def test_an_old_python_is_named() -> None:
    facts = dataclasses.replace(parse_facts(DEBIAN), pythons=(((3, 6), "/usr/bin/python3"),))
    with pytest.raises(Unfit, match=r"found: 3\.6"):
        placed(facts, become=False)


def test_no_room_is_told_in_figures() -> None:
    facts = dataclasses.replace(parse_facts(DEBIAN), free_kb={"/opt": 3 * 1024})
    with pytest.raises(Unfit, match="3 MiB are free at /opt/watchdeck-agent, 60 are needed"):
        placed(facts, become=False)


def test_settings_survive_the_shell() -> None:
    place = dataclasses.replace(placed(parse_facts(DEBIAN), become=False), python="/opt/my python")
    assert "PYTHON='/opt/my python'\n" in place.settings("ssh://hub:2222")


def test_garbage_is_no_fact() -> None:
    assert parse_facts("free_kb=/opt\npython=three /x\n=\n\n") == Facts({"": ""})


def test_an_inventory_has_a_host_a_line() -> None:
    targets = read_inventory(["[web]", "web1  # the first", "", "ops@web2:2200 ansible_x=1"])
    assert targets == [Target("web1"), Target("web2", "ops", 2200)]
    with pytest.raises(ValueError, match="line 2: '-oX' is no host"):
        read_inventory(["web1", "-oX"])
