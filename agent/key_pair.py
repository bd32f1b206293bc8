"""This agent's key pair on disk, and its succession by a new one. Not who trusts it.

A succession can be cut anywhere: until the hub has taken the new key the old one stays in its place, and from then on
the new one is in it; each of them lets the agent in.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NAME = "id_ed25519"
OWN_SSH = (sys.executable, "-I", "-m", "agent.own_ssh")  # where the system has no OpenSSH client
_LIMIT_S = 30


class NoKeyMade(Exception):
    """No key can be made here; the text says why."""


class KeyPair:
    """The pair in this directory, and beside it the one that is to follow."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.path = directory / NAME
        self._next = directory / f"{NAME}.next"

    def public(self) -> str:
        """The public key as `TYPE BASE64`, made at the first asking. Raises `NoKeyMade`, `OSError`."""
        if not self.path.exists():
            _make(self.path)
        if not _public_of(self.path).exists():  # a succession was cut
            _public_of(self.path).write_text(_run("-y", "-f", str(self.path), instead=("public", str(self.path))))
        return _read(self.path)

    def successor(self) -> str:
        """The public key that is to follow: the one of before, or a new one. Raises `NoKeyMade`, `OSError`."""
        if not self._next.exists() or not _public_of(self._next).exists():
            self._next.unlink(missing_ok=True)
            _make(self._next)
            for path in (self._next, _public_of(self._next), self._directory):
                _keep(path)
        return _read(self._next)

    def succeed(self, public: str) -> bool:
        """Put the successor in the place of the old pair; False when this is not its public key. Raises `OSError`."""
        if not _public_of(self._next).exists() or _read(self._next) != public:
            return False
        _public_of(self.path).unlink(missing_ok=True)  # ssh would offer this one and sign with the other
        self._next.replace(self.path)
        _public_of(self._next).replace(_public_of(self.path))
        _keep(self._directory)
        return True


def _public_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.pub")


def _read(path: Path) -> str:
    return " ".join(_public_of(path).read_text().split()[:2])


def _make(path: Path) -> None:
    options = ("-q", "-t", "ed25519", "-N", "", "-C", "watchdeck-agent", "-f", str(path))
    _run(*options, instead=("make", str(path)))


def _run(*options: str, instead: Sequence[str]) -> str:
    """What `ssh-keygen` says, or the stand-in where there is none."""
    command = ["ssh-keygen", *options] if on_path("ssh-keygen") else [*OWN_SSH, *instead]
    try:
        done = subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_LIMIT_S,
        )
    except subprocess.CalledProcessError as error:
        raise NoKeyMade(f"no key was made: {(error.stderr.strip().splitlines() or [error])[-1]}") from None
    except subprocess.SubprocessError as error:
        raise NoKeyMade(f"no key was made: {error}") from None
    return done.stdout


def on_path(program: str) -> bool:
    """Whether this program is there; what `shutil.which` would load for it stays out of the resident agent."""
    return any(os.access(f"{folder}/{program}", os.X_OK) for folder in os.get_exec_path())


def _keep(path: Path) -> None:
    """Bring it to the disk: a key that the hub takes must outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
