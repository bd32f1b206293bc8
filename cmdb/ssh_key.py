"""SSH public keys as text: read, checked, named by their fingerprint. Pure; no signing, no private keys."""

from __future__ import annotations

import base64
import binascii
import hashlib

TYPES = (
    "ssh-ed25519", "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)  # fmt: skip
_LONGEST = 16 * 1024
_SHORTEST_RSA_BYTES = 270  # type and exponent, and a modulus of 2048 bits


class NoKey(ValueError):
    """The text is no public key that is taken here; it says why."""


def public_key(text: str) -> str:
    """The key of a line of a `.pub` file as `TYPE BASE64`, without its comment. Raises `NoKey`."""
    if "PRIVATE KEY" in text:
        raise NoKey("that is a private key: give the file that ends in .pub")
    lines = [line.strip() for line in text[:_LONGEST].splitlines() if line.strip() and not line.startswith("#")]
    if len(lines) != 1:
        raise NoKey(f"one key is wanted, there are {len(lines)} lines")
    words = lines[0].split()
    if words[0] not in TYPES:
        raise NoKey(f"{words[0][:40]!r} is no key type that is taken: {', '.join(TYPES)}")
    if len(words) < 2 or _inner_type(words[1]) != words[0]:
        raise NoKey("the key is damaged")
    if words[0] == "ssh-rsa" and len(base64.b64decode(words[1])) < _SHORTEST_RSA_BYTES:
        raise NoKey("an RSA key must have 2048 bits or more")
    return f"{words[0]} {words[1]}"


def fingerprint(key: str) -> str:
    """`SHA256:…` as `ssh-keygen -l` prints it."""
    digest = hashlib.sha256(base64.b64decode(key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _inner_type(encoded: str) -> str:
    """The type that the key itself says it has."""
    try:
        data = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return ""
    length = int.from_bytes(data[:4], "big")
    return data[4 : 4 + length].decode("ascii", "replace") if len(data) > 4 + length else ""
