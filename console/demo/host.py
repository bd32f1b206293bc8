"""What the agent of a simulated host would discover. Seeded: the same number and seed give the same host."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from random import Random
from typing import Any

from agent.wire import Item

GIB = 1024**3
SITES = ("ber", "fra", "muc", "ams")


@dataclass(frozen=True)
class Role:
    """What a kind of host runs: (program, port, protocol) and how many of a hundred hosts are one."""

    name: str
    share: int
    programs: tuple[tuple[str, int, str], ...]
    packages: tuple[str, ...]


ROLES = (
    Role("web", 34, (("nginx", 443, "https"), ("nginx", 80, "http")), ("nginx", "openssl", "certbot")),
    Role("app", 30, (("gunicorn", 8000, "http"),), ("python3", "gunicorn", "libpq5")),
    Role("db", 12, (("postgres", 5432, "postgresql"),), ("postgresql-15", "pgbackrest", "libpq5")),
    Role("cache", 12, (("redis-server", 6379, "redis"),), ("redis-server",)),
    Role("mail", 4, (("master", 25, "smtp"), ("dovecot", 143, "imap")), ("postfix", "dovecot-core")),
    Role("mon", 8, (("prometheus", 9090, "http"),), ("prometheus", "grafana")),
)
_ON_HOST = ("part_of", "host", "host")
_COMMON = ("openssh-server", "systemd", "bash", "linux-image-amd64", "libc6", "curl", "chrony")


class SimulatedHost:
    """Host `number` of a fleet. `packages` may be raised by a change; everything else stays."""

    def __init__(self, number: int, seed: int) -> None:
        self.dice = Random(f"{seed}/{number}")
        self.role = self.dice.choices(ROLES, [role.share for role in ROLES])[0]
        self.name = f"{self.role.name}-{number:03}.{self.dice.choice(SITES)}"
        self.agent_id = f"demo-{seed}-{number:05}"
        self.cores = self.dice.choice((2, 4, 8, 16))
        self.memory_bytes = self.cores * 4 * GIB
        self.revisions = dict.fromkeys((*_COMMON, *self.role.packages), 1)
        self._unique = hashlib.sha256(self.agent_id.encode()).hexdigest()
        self._mounts = {"/": 40 * GIB, "/var": self.dice.choice((80, 200, 500)) * GIB, "/home": 20 * GIB}
        self._used = {mount: self.dice.uniform(12, 74) for mount in self._mounts}

    def upgrade(self) -> str:
        """Raise one package; its name."""
        name = self.dice.choice(sorted(self.revisions))
        self.revisions[name] += 1
        return name

    def sections(self) -> dict[str, list[Item]]:
        """All that a scan finds, by section."""
        return {
            "host": [self._host()],
            "os": [self._os()],
            "memory": [self._memory()],
            "filesystem": [self._filesystem(mount) for mount in self._mounts],
            "interface": [self._interface()],
            "address": [self._address()],
            "endpoint": [self._endpoint(port, protocol) for _, port, protocol in self.role.programs],
            "software": self._software(),
            "dpkg": [self._package(name) for name in sorted(self.revisions)],
        }

    def _host(self) -> Item:
        keys: dict[str, Any] = {"machine_id": self._unique[:32], "name": self.name}
        attributes = {"architecture": "x86_64", "virtualisation": "kvm", "site": self.name.rpartition(".")[2]}
        load = self.cores * self.dice.uniform(0.05, 0.6)
        metrics = {"uptime_s": self.dice.uniform(3600, 9e6), "load_1m": round(load, 2), "load_5m": round(load * 0.9, 2)}
        return Item("host", "host", self.name, attributes, metrics, keys)

    def _os(self) -> Item:
        attributes = {"distribution": "debian", "version": "12", "kernel": f"6.1.0-{20 + len(self.name) % 4}-amd64"}
        return Item("os", "os", "Debian GNU/Linux 12 (bookworm)", attributes, relations=(("runs_on", "host", "host"),))

    def _memory(self) -> Item:
        used = self.dice.uniform(20, 70)
        metrics = {"used_percent": round(used, 1), "available_bytes": int(self.memory_bytes * (1 - used / 100))}
        attributes = {"size_bytes": self.memory_bytes}
        return Item("memory", "memory", "main memory", attributes, metrics, relations=(_ON_HOST,))

    def _filesystem(self, mount: str) -> Item:
        size, used = self._mounts[mount], self._used[mount]
        attributes = {"device": f"/dev/mapper/vg-{mount.strip('/') or 'root'}", "type": "ext4", "size_bytes": size}
        metrics = {"used_percent": round(used, 1), "available_bytes": int(size * (1 - used / 100))}
        return Item("filesystem", mount, mount, attributes, metrics, relations=(_ON_HOST,))

    def _interface(self) -> Item:
        mac = "02:" + ":".join(self._unique[at : at + 2] for at in range(0, 10, 2))
        attributes = {"mac": mac, "kind": "physical", "mtu": 1500}
        return Item("interface", "ens3", "ens3", attributes, {"link": "up"}, relations=(_ON_HOST,))

    def _address(self) -> Item:
        octets = [int(self._unique[at : at + 2], 16) for at in (10, 12, 14)]
        address = f"10.{octets[0]}.{octets[1]}.{1 + octets[2] % 254}"
        attributes = {"interface": "ens3", "address": address, "prefix": 24, "version": 4, "scope": "global"}
        part_of = ("part_of", "interface", "ens3")
        return Item("address", f"ens3/{address}/24", address, attributes, relations=(part_of,))

    def _endpoint(self, port: int, protocol: str) -> Item:
        key = f"tcp/0.0.0.0:{port}"
        attributes = {"transport": "tcp", "address": "0.0.0.0", "port": port, "protocol": protocol}
        return Item("endpoint", key, key, attributes, relations=(_ON_HOST,))

    def _software(self) -> list[Item]:
        """A program for each that owns endpoints."""
        items = []
        for program in sorted({name for name, _, _ in self.role.programs}):
            owned = [
                ("listens_on", "endpoint", f"tcp/0.0.0.0:{port}")
                for name, port, _ in self.role.programs
                if name == program
            ]
            attributes = {"kind": "unit", "user": program.partition("-")[0]}
            metrics = {"processes": self.cores, "resident_bytes": self.cores * 40_000_000}
            relations = (("runs_on", "host", "host"), *owned)
            items.append(Item("software", program, program, attributes, metrics, relations=relations))
        return items

    def _package(self, name: str) -> Item:
        version = f"{1 + len(name) % 7}.{self.revisions[name]}-{1 + len(name) % 3}"
        attributes = {"manager": "dpkg", "version": version, "architecture": "amd64"}
        return Item("package", f"dpkg/{name}:amd64", name, attributes, relations=(("installed_on", "host", "host"),))
