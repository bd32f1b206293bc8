"""No secret of a command line leaves the host."""

from __future__ import annotations

import pytest

from agent.discovery.secrets import mask_command


@pytest.mark.parametrize(
    ("command", "masked"),
    [
        ("/usr/bin/app --password=hunter2 --port 80", "/usr/bin/app --password=*** --port 80"),
        ("app --password hunter2 -v", "app --password *** -v"),
        ("app --db-passwd=a,b --x", "app --db-passwd=*** --x"),
        ("app --api-key AbC123 serve", "app --api-key *** serve"),
        ("app --token-file /run/token", "app --token-file /run/token"),
        ("env SECRET_KEY=abc app", "env SECRET_KEY=*** app"),
        ("app postgres://bob:pw@db/shop", "app postgres://***@db/shop"),
        ("app redis://:pw@cache:6379/0", "app redis://***@cache:6379/0"),
        ("app amqp://bob:p/w@x@queue/v1", "app amqp://***@queue/v1"),
        ("app http://host:8080/path", "app http://host:8080/path"),
        ("curl -u bob:pw https://x", "curl -u *** https://x"),
        ("mysql -phunter2 -h db", "mysql -p*** -h db"),
        ("curl -H Authorization:\tBearer\tabcdef123456", "curl -H Authorization:\t***"),
        ("app ghp_0123456789abcdefghijABCDEFGHIJ", "app ***"),
        ("app eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "app ***"),
        ("nginx: master process", "nginx: master process"),
        ("sshd -D -p 22", "sshd -D -p 22"),
    ],
)
def test_secrets_are_masked_and_the_rest_is_kept(command: str, masked: str) -> None:
    assert mask_command(command.split(" ")) == masked


def test_a_long_command_is_cut() -> None:
    assert len(mask_command(["x" * 5000] * 3)) == 512
