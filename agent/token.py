"""An enrolment token as people carry it: a secret that is good once, and the hub's host key, so both are proven."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

_PREFIX = "wd1-"
_SECRET_BYTES = 16
_ED25519 = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20"


class Token(NamedTuple):
    """`secret` in hexadecimal, `host_key` as `ssh-ed25519 BASE64`."""

    secret: str
    host_key: str

    def text(self) -> str:
        """What is shown once and typed nowhere."""
        raw = bytes.fromhex(self.secret) + base64.b64decode(self.host_key.split()[1])[len(_ED25519) :]
        return _PREFIX + base64.urlsafe_b64encode(raw).decode()


def parse_token(text: str) -> Token:
    """Raises `ValueError`."""
    try:
        raw = base64.urlsafe_b64decode(text.strip()[len(_PREFIX) :])
    except (binascii.Error, ValueError):
        raw = b""
    if not text.strip().startswith(_PREFIX) or len(raw) != _SECRET_BYTES + 32:
        raise ValueError("that is no enrolment token: make one with `watchdeck agent enrol` on the hub")
    key = base64.b64encode(_ED25519 + raw[_SECRET_BYTES:]).decode()
    return Token(raw[:_SECRET_BYTES].hex(), f"ssh-ed25519 {key}")
