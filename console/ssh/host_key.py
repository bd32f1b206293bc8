"""The hub's own SSH key: made at the first start, the same ever after."""

from __future__ import annotations

import asyncssh

from agent.files import write_whole
from cmdb.locations import Locations


def host_key(locations: Locations) -> asyncssh.SSHKey:
    """The installation's ed25519 host key. Raises `OSError`, and `asyncssh.KeyImportError` for a damaged one."""
    path = locations.keys / "host_ed25519"
    if path.exists():
        return asyncssh.read_private_key(path)
    locations.keys.mkdir(mode=0o700, exist_ok=True)
    made = asyncssh.generate_private_key("ssh-ed25519", comment="watchdeck")
    write_whole(path, made.export_private_key())
    write_whole(path.with_suffix(".pub"), made.export_public_key(), mode=0o644)
    return made
