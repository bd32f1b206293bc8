"""What the hub was last told of each section, as fingerprints, so that the next report is only the difference.

Kept on disk and read by the scanning child alone: the resident agent never holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Optional

import msgspec

from agent.discovery.digest import digest_of
from agent.files import read_bounded, write_whole
from agent.wire import Item

_MAX_BYTES = 64 * 1024 * 1024


class Told(msgspec.Struct, frozen=True, array_like=True):
    """A section as it was told: its digest, and each item's by class and key."""

    digest: str
    items: dict[str, str]


class Difference(msgspec.Struct, frozen=True):
    """What turns the section that was told into the one that is now."""

    items: list[Item]
    gone: tuple[tuple[str, str], ...]


def told(digest: str, items: Iterable[Item]) -> Told:
    """This section, to be compared with the next."""
    return Told(digest, {_name(item): digest_of((item,)) for item in items})


def difference(before: Told, items: Iterable[Item]) -> Difference:
    """The items that are new or changed since, and those that are gone."""
    now = {_name(item): item for item in items}
    changed = [item for name, item in now.items() if before.items.get(name) != digest_of((item,))]
    gone = [name.split("\0", 1) for name in before.items if name not in now]
    return Difference(changed, tuple((class_, key) for class_, key in gone))


def load(path: Path) -> Mapping[str, Told]:
    """The baseline by section; empty when there is none that can be read."""
    try:
        return msgspec.msgpack.decode(read_bounded(path, _MAX_BYTES), type=dict[str, Told])
    except msgspec.MsgspecError:
        return {}


def save(path: Path, baseline: Mapping[str, Told]) -> None:
    """Raises `OSError`."""
    write_whole(path, msgspec.msgpack.encode(baseline))


def base_for(baseline: Mapping[str, Told], section: str, digest: Optional[str]) -> Optional[Told]:
    """The section that was told, if it is the one that the hub says it has."""
    before = baseline.get(section)
    return before if before is not None and digest and before.digest == digest else None


def _name(item: Item) -> str:
    return f"{item.class_}\0{item.key}"
