"""What a host said of itself, and what follows: where and how the agent goes there, or why it does not. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

NEEDED_KB = 60 * 1024
OLDEST, NEWEST = (3, 9), (3, 14)
MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
SERVICE_USER = "watchdeck"


class Unfit(Exception):
    """The agent cannot go there; the text says why and what would help."""


@dataclass(frozen=True)
class Facts:
    """`free_kb`, `installed` and `reads` by folder; `pythons` are (version, path)."""

    single: dict[str, str] = field(default_factory=dict)
    pythons: tuple[tuple[tuple[int, int], str], ...] = ()
    free_kb: dict[str, int] = field(default_factory=dict)
    installed: dict[str, str] = field(default_factory=dict)
    reads: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> str:
        """The address from which the host sees us."""
        words = self.single.get("client", "").split()
        return words[0] if words else ""


@dataclass(frozen=True)
class Place:
    """Where and how the agent is installed on a host. `installed` is the version that is there, if any.

    `reads` is what that may read: `all`, or `own`, only what its user may.
    """

    root: str
    user: str  # the agent's own; empty: whoever logged in
    mode: str  # systemd | loop
    become: bool
    python: str
    python_version: tuple[int, int]
    machine: str
    installed: str = ""
    reads: str = ""

    @property
    def can_read_all(self) -> bool:
        """Whether its agent can be given to read what is root's."""
        return bool(self.user) and self.mode == "systemd"

    def settings(self, hub: str, *, reads_all: bool = False) -> str:
        """The file that the host's script reads. `reads_all`: the agent may read what is root's."""
        reads = "all" if reads_all else "own"
        values = {"AGENT_USER": self.user, "PYTHON": self.python, "HUB": hub, "MODE": self.mode, "READS": reads}
        return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def parse_facts(text: str) -> Facts:
    """The probe's answer; lines that are something else (a login banner) are passed over."""
    single: dict[str, str] = {}
    pythons: list[tuple[tuple[int, int], str]] = []
    free_kb: dict[str, int] = {}
    by_folder: dict[str, dict[str, str]] = {"installed": {}, "reads": {}}
    for line in text.splitlines():
        name, found, value = line.partition("=")
        first, _, rest = value.rpartition(" ") if name in {"free_kb", *by_folder} else value.partition(" ")
        if not found:
            continue
        if name == "python":
            major, _, minor = first.partition(".")
            if major.isdecimal() and minor.isdecimal():
                pythons.append(((int(major), int(minor)), rest))
        elif name == "free_kb":
            if rest.isdecimal():
                free_kb[first] = int(rest)
        elif name in by_folder:
            by_folder[name][first] = rest
        else:
            single[name] = value
    return Facts(single, tuple(pythons), free_kb, **by_folder)


def placed(facts: Facts, *, become: bool) -> Place:
    """The place for the agent on this host. Raises `Unfit`."""
    said = facts.single
    if said.get("system") != "Linux":
        raise Unfit(f"it runs {said.get('system') or 'something that is not Unix'}; the agent needs Linux")
    machine = MACHINES.get(said.get("machine", ""))
    if machine is None or said.get("libc") != "glibc":
        raise Unfit(f"no build of the agent's libraries for {said.get('machine')} with {said.get('libc')}")
    if not said.get("ssh") or not said.get("keygen"):
        raise Unfit(
            "it has no OpenSSH client, by which the agent reaches the hub: install openssh-client (Debian, Ubuntu) or"
            " openssh-clients (Red Hat, SUSE)"
        )
    python_version, python = _python(facts)
    root = said.get("uid") == "0"
    if become and not root and said.get("sudo") != "yes":
        raise Unfit("sudo asks for a password there; allow it without, or deploy without --become")
    system_wide = root or become
    folder = "/opt/watchdeck-agent" if system_wide else f"{said['home']}/.local/share/watchdeck-agent"
    free_kb = facts.free_kb.get("/opt" if system_wide else said["home"], 0)
    if free_kb < NEEDED_KB:
        raise Unfit(f"{free_kb // 1024} MiB are free at {folder}, {NEEDED_KB // 1024} are needed")
    return Place(
        root=folder,
        user=SERVICE_USER if system_wide else "",
        mode="systemd" if system_wide and said.get("systemd") == "yes" else "loop",
        become=become and not root,
        python=python,
        python_version=python_version,
        machine=machine,
        installed=facts.installed.get(folder, ""),
        reads=facts.reads.get(folder, ""),
    )


def installed_at(facts: Facts, *, become: bool) -> Sequence[str]:
    """Where an agent is installed that this login can change."""
    root = facts.single.get("uid") == "0" or become
    return [folder for folder in facts.installed if root or not folder.startswith("/opt/")]


def _python(facts: Facts) -> tuple[tuple[int, int], str]:
    fit = [entry for entry in facts.pythons if OLDEST <= entry[0] <= NEWEST]
    if not fit:
        found = ", ".join(f"{major}.{minor}" for (major, minor), _ in facts.pythons) or "none"
        raise Unfit(f"Python 3.9 or newer is needed, found: {found}")
    return fit[0]
