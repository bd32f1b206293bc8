"""What has been submitted and is not visible yet: the state that the next batch builds on. Nobody reads from it."""

from __future__ import annotations

from cmdb.store.prepare import RecordKey, Versions


class Pending:
    """The last submitted bytes of each record, until the batch that wrote them has landed."""

    def __init__(self) -> None:
        self._latest: dict[RecordKey, tuple[int, bytes | None]] = {}

    def __contains__(self, key: RecordKey) -> bool:
        return key in self._latest

    def __getitem__(self, key: RecordKey) -> bytes | None:
        return self._latest[key][1]

    def put(self, seq: int, written: Versions) -> None:
        for key, sealed in written.items():
            self._latest[key] = (seq, sealed)

    def landed(self, seq: int, written: Versions) -> None:
        for key in written:
            if self._latest[key][0] == seq:
                del self._latest[key]

    def clear(self) -> None:
        self._latest.clear()
