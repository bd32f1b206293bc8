"""Values of keys → the CIs that have them, so that one report is compared with few records and not with all."""

from __future__ import annotations

from collections.abc import Iterator

from cmdb.identity.decide import candidate_keys, pins_of
from cmdb.identity.keys import ORDER, Keys
from cmdb.model.ci import ConfigurationItem

# An observation may be of a record that shares any of these with it.
_FINDING = (*ORDER, "chassis_serial")
IDENTIFIED_CLASSES = frozenset({"host", "virtual_machine"})
_Entry = tuple[str, str]


class KeyIndex:
    """Kept up CI by CI; every record that could match is found, and some that do not."""

    def __init__(self) -> None:
        self._ids: dict[_Entry, set[str]] = {}
        self._entries: dict[str, frozenset[_Entry]] = {}

    def put(self, ci: ConfigurationItem) -> None:
        """Take this record as it is now."""
        self.remove(ci.id)
        if ci.class_ not in IDENTIFIED_CLASSES:
            return
        every = [candidate_keys(ci), *pins_of(ci)]
        entries = frozenset(entry for keys in every for entry in _entries(keys))
        self._entries[ci.id] = entries
        for entry in entries:
            self._ids.setdefault(entry, set()).add(ci.id)

    def remove(self, id_: str) -> None:
        """Forget a record that was deleted; nothing where it was not known."""
        for entry in self._entries.pop(id_, ()):
            ids = self._ids[entry]
            ids.discard(id_)
            if not ids:
                del self._ids[entry]

    def find(self, keys: Keys) -> set[str]:
        """The ids of all records that share a value with these comparable keys."""
        found: set[str] = set()
        for entry in _entries(keys):
            found |= self._ids.get(entry, set())
        return found


def _entries(keys: Keys) -> Iterator[_Entry]:
    for name in _FINDING:
        value = keys.get(name)
        for text in value if isinstance(value, tuple | list) else (value,):
            if text:
                yield name, _findable(name, text)


def _findable(name: str, text: str) -> str:
    """Without what one side may lack: a serial's vendor, a name's domain."""
    if name == "serial":
        return text.partition("/")[2]
    return text.partition(".")[0] if name == "name" else text
