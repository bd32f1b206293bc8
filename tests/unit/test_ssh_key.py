"""Public keys as people paste them."""

from __future__ import annotations

import base64

import pytest

from cmdb.ssh_key import NoKey, fingerprint, public_key

# Made once with: ssh-keygen -t ed25519 -C mia@laptop
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFwO9eFTsREBMxoIzbQyQG7oDcjFsxXS2HMcLZjF9M9h"


def rsa(bits: int) -> str:
    def field(data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + data

    blob = field(b"ssh-rsa") + field(b"\x01\x00\x01") + field(b"\x00" + b"\xff" * (bits // 8))
    return "ssh-rsa " + base64.b64encode(blob).decode()


def test_a_line_of_a_pub_file_gives_type_and_key_without_the_comment() -> None:
    assert public_key(f"{KEY} mia@laptop\n") == KEY
    assert public_key(f"# the new one\n\n  {KEY}\n") == KEY


def test_the_fingerprint_is_that_of_ssh_keygen() -> None:
    assert fingerprint(KEY).startswith("SHA256:")
    assert len(fingerprint(KEY)) == 50


def test_rsa_takes_2048_bits() -> None:
    assert public_key(rsa(2048)) == rsa(2048)
    with pytest.raises(NoKey, match="2048 bits"):
        public_key(rsa(1024))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there are 0 lines"),
        (f"{KEY}\n{KEY}", "there are 2 lines"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", "that is a private key"),
        ("ssh-dss AAAAB3NzaC1kc3MAAACB", "no key type that is taken"),
        ("ssh-ed25519", "damaged"),
        ("ssh-ed25519 not!base64", "damaged"),
        (KEY.replace("ssh-ed25519 ", "ssh-rsa "), "damaged"),
        ('command="rm -rf /" ' + KEY, "no key type"),
    ],
)
def test_what_is_no_key_says_why(text: str, why: str) -> None:
    with pytest.raises(NoKey, match=why):
        public_key(text)
