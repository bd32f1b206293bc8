"""Hub addresses and tokens as people write and carry them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.address import UnixAddress, parse_address
from agent.ssh_address import HubHost, SshAddress, parse_hub_host
from agent.state_dir import StateDir
from agent.token import Token, parse_token
from tests.programs import needs

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFwO9eFTsREBMxoIzbQyQG7oDcjFsxXS2HMcLZjF9M9h"


@pytest.mark.parametrize(
    ("text", "hub"),
    [
        ("ssh://hub", HubHost("hub", 2222)),
        ("ssh://hub.example:22", HubHost("hub.example", 22)),
        ("ssh://192.0.2.7:2200/", HubHost("192.0.2.7", 2200)),
        ("ssh://[2001:db8::7]:2200", HubHost("2001:db8::7", 2200)),
        ("ssh://[fe80::1%eth0]", HubHost("fe80::1%eth0", 2222)),
    ],
)
def test_an_address_is_read(text: str, hub: HubHost) -> None:
    assert parse_hub_host(text) == hub
    assert parse_hub_host(str(hub)) == hub


@pytest.mark.parametrize(
    "text",
    ["", "hub:22", "ssh://", "ssh://-oProxyCommand=x", "ssh://a b", "ssh://hub:0", "ssh://hub:99999", "ssh://u@hub",
     "ssh://hub\n:22", "http://hub", "unix:"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no hub address"):
        parse_address(text, Path("/s"))


def test_the_agents_own_files_and_nothing_of_the_users_go_to_ssh(tmp_path: Path) -> None:
    needs("ssh")
    state = tmp_path / "watch deck" / "100%"
    state.mkdir(parents=True)
    address = parse_address("ssh://hub:22", state)
    assert isinstance(address, SshAddress)
    words = address.command()
    assert words[:3] == ["ssh", "-F", "/dev/null"]
    assert f'IdentityFile="{tmp_path}/watch deck/100%%/id_ed25519"' in words
    assert f"agent-{StateDir(state).agent_id()}" in words
    assert words[-3:] == ["--", "hub", "agent"]


def test_where_there_is_no_ssh_a_program_of_our_own_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    address = parse_address("ssh://hub:22", tmp_path)
    assert isinstance(address, SshAddress)
    assert address.command()[1:5] == ["-I", "-m", "agent.own_ssh", "connect"]


def test_a_path_is_a_hub_of_this_machine() -> None:
    assert parse_address("unix:/run/x.sock", Path("/s")) == UnixAddress(Path("/run/x.sock"))


@given(st.binary(min_size=16, max_size=16))
def test_a_token_carries_its_secret_and_the_hubs_key(secret: bytes) -> None:
    token = Token(secret.hex(), KEY)
    assert parse_token(f" {token.text()}\n") == token


@pytest.mark.parametrize("text", ["", "wd1-", "wd1-AAAA", "wd1-\xff", "hunter2", Token("00" * 16, KEY).text()[:-4]])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no enrolment token"):
        parse_token(text)
