"""CIs as the store's benches write them: packages of hosts with 300 each, as a scan finds them."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

from cmdb.model.ci import ConfigurationItem

EACH_HOST = 300
_SEEN = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def package_id(n: int) -> str:
    """Random, as identities are: neighbours in a scan are not neighbours in an index."""
    return f"{random.Random(n).getrandbits(64):016x}-{n:07}"


def package(n: int, revision: int = 0) -> ConfigurationItem:
    return ConfigurationItem(
        id=package_id(n),
        class_="package",
        name=f"libpackage{n % 3000}",
        host=f"host-{n // EACH_HOST:05}",
        key=f"libpackage{n % 3000}",
        attributes={
            "version": f"1.{revision}.3-4+deb12u1",
            "architecture": "amd64",
            "source": "dpkg",
            "section": "libs",
        },
        sources={"agent": _SEEN},
        first_seen=_SEEN,
        last_seen=_SEEN,
    )


def body(n: int, revision: int = 0) -> dict[str, Any]:
    return package(n, revision).body()


def host_of(n: int, size: int) -> range:
    """The numbers of the packages of the n-th host, of so many packages in all."""
    start = n % max(1, size // EACH_HOST) * EACH_HOST
    return range(start, min(start + EACH_HOST, size))
