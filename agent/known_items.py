"""What the hub was told of each section: digests of its items, so that only those that changed are sent again.

Kept in the agent's state directory by the scanning child. Lost or old it costs a whole section, nothing else: items are
left out of a section only where the hub names the very digest that they are known under.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Optional

import msgspec

from agent.discovery.digest import item_digest
from agent.discovery.sections import ALWAYS_WHOLE
from agent.files import read_bounded, write_whole
from agent.wire import Item, SectionOutcome

_FILE_BYTES = 64 * 1024 * 1024


class KnownSection(msgspec.Struct, frozen=True, array_like=True):
    """The section's digest, and of each item its class, key and digest."""

    digest: str
    items: list[tuple[str, str, bytes]]


class Differences(NamedTuple):
    """From a section as it is known: what is new or changed, and the class and key of what is gone."""

    items: list[Item]
    gone: list[tuple[str, str]]


class KnownItems:
    """Of the sections that went well. `path` is the file that it is read from and kept in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sections = _read(path)

    def differences(self, name: str, base: str, items: Sequence[Item]) -> Optional[Differences]:
        """From the section that had the digest `base`; None where it is not known, or sending all is less.

        An item that has a relation to a new one is told anew: the hub could not take the relation before.
        """
        known = self._sections.get(name)
        if known is None or known.digest != base:
            return None
        before = {(class_, key): digest for class_, key, digest in known.items}
        names = {(item.class_, item.key) for item in items}
        new = names - before.keys()
        changed = [
            item
            for item in items
            if before.get((item.class_, item.key)) != item_digest(item)
            or any((class_, key) in new for _, class_, key in item.relations)
        ]
        gone = [name for name in before if name not in names]
        return None if len(changed) + len(gone) > len(items) else Differences(changed, gone)

    def keep(self, sections: Iterable[tuple[SectionOutcome, Sequence[Item]]]) -> None:
        """What the next scan is compared with; nothing is written where nothing changed. Raises `OSError`."""
        fresh = {
            outcome.name: _known(outcome.digest, items)
            for outcome, items in sections
            if outcome.outcome == "ok" and outcome.name not in ALWAYS_WHOLE
            if outcome.name not in self._sections or self._sections[outcome.name].digest != outcome.digest
        }
        if fresh:
            self._sections.update(fresh)
            write_whole(self._path, msgspec.msgpack.encode(self._sections))


def _known(digest: str, items: Iterable[Item]) -> KnownSection:
    return KnownSection(digest, [(item.class_, item.key, item_digest(item)) for item in items])


def _read(path: Path) -> dict[str, KnownSection]:
    try:
        return msgspec.msgpack.decode(read_bounded(path, _FILE_BYTES), type=dict[str, KnownSection])
    except msgspec.MsgspecError:
        return {}
