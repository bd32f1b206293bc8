"""The one way to change the record: versions checked, durable, history and audit written, then visible.

Nothing else writes to the store. Rules decide what is to change; the ledger records it.
"""

from __future__ import annotations

from collections.abc import Sequence

from cmdb.clock import Clock
from cmdb.difference import differences
from cmdb.model.change import Change, Put
from cmdb.model.kind import Kind
from cmdb.store.protocol import Batch, Committed, Difference, Document, StaleVersion, Store, Write


class Ledger:
    """Writes batches of changes to a store, each by an actor for a reason."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    async def commit(self, changes: Sequence[Change], *, actor: str, reason: str) -> Committed | None:
        """Make all of these changes, or none; None when nothing differs from what is there.

        A later change of the same record builds on the earlier one. Raises `StaleVersion` when a record is not at
        its expected version.
        """
        while (batch := await self._batch(changes, actor, reason)) is not None:
            try:
                return await self.store.commit(batch)
            except StaleVersion as stale:
                # A change that takes whatever is there was compared with what is there no more: compare again.
                if any((c.kind, _id(c), c.expected) == (stale.kind, stale.id, stale.expected) for c in changes):
                    raise
        return None

    async def _batch(self, changes: Sequence[Change], actor: str, reason: str) -> Batch | None:
        """What differs from what is there now, each write pinned to the version that it was compared with."""
        writes: list[Write] = []
        rows: list[Difference] = []
        seen: dict[tuple[Kind, str], Document | None] = {}
        for change in changes:
            key = (change.kind, _id(change))
            before = seen[key] if key in seen else await self.store.get(*key)
            write = _write(change, before)
            seen[key] = before
            if _says_nothing(write, before):
                continue
            writes.append(write)
            rows.extend(differences(change.kind, write.id, before, write.body))
            if write.body is not None:
                write.body["version"] += 1
            seen[key] = write.body
        if not writes:
            return None
        return Batch(tuple(writes), tuple(rows), actor, reason, _summary(writes), self.clock.now())

    async def note(self, *, actor: str, reason: str, summary: str) -> Committed:
        """Put into the audit what changed no record: a login, a refusal, a command."""
        return await self.store.commit(Batch((), (), actor, reason, summary, self.clock.now()))

    async def get(self, kind: Kind, id_: str) -> Document | None:
        """The document as it is now."""
        return await self.store.get(kind, id_)


def _id(change: Change) -> str:
    return change.record.id if isinstance(change, Put) else change.id


def _write(change: Change, before: Document | None) -> Write:
    """The change, pinned; its body at the version that is there, so that the two can be compared as they are."""
    version = _version(before)
    body = change.record.body() if isinstance(change, Put) else None
    if body is not None:
        body["version"] = version
    return Write(change.kind, _id(change), body, version if change.expected is None else change.expected)


def _version(document: Document | None) -> int:
    return 0 if document is None else int(document["version"])


def _says_nothing(write: Write, before: Document | None) -> bool:
    """It would leave the record as it is, and is not about to be refused."""
    if write.expected != _version(before):
        return False
    return write.body == before


def _summary(writes: Sequence[Write]) -> str:
    """What a batch touched: up to four ids of each kind, else their number."""
    by_kind: dict[Kind, list[str]] = {}
    for write in writes:
        by_kind.setdefault(write.kind, []).append(write.id)
    return "; ".join(
        f"{kind} {', '.join(ids) if len(ids) <= 4 else f'{len(ids)} records'}" for kind, ids in sorted(by_kind.items())
    )
