"""The one way to change the record: versions checked, durable, history and audit written, then visible.

Nothing else writes to the store. Rules decide what is to change; the ledger records it.
"""

from __future__ import annotations

from collections.abc import Sequence

from cmdb.clock import Clock
from cmdb.difference import differences, same_but_version
from cmdb.model.change import Change, Put
from cmdb.model.kind import Kind
from cmdb.store.protocol import Batch, Committed, Difference, Document, Store, Write


class Ledger:
    """Writes batches of changes to a store, each by an actor for a reason."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    async def commit(self, changes: Sequence[Change], *, actor: str, reason: str) -> Committed | None:
        """Make all of these changes, or none; None when nothing differs from what is there.

        Raises `StaleVersion` when a record is not at its expected version.
        """
        writes: list[Write] = []
        rows: list[Difference] = []
        for change in changes:
            before = await self.store.get(change.kind, _id(change))
            write = _write(change)
            if write.body is None and before is None and not change.expected:
                continue
            current = before is None or change.expected in {None, before["version"]}
            if before is not None and write.body is not None and current and same_but_version(before, write.body):
                continue
            writes.append(write)
            rows.extend(differences(change.kind, write.id, before, write.body))
        if not writes:
            return None
        batch = Batch(tuple(writes), tuple(rows), actor, reason, _summary(writes), self.clock.now())
        return await self.store.commit(batch)

    async def get(self, kind: Kind, id_: str) -> Document | None:
        """The document as it is now."""
        return await self.store.get(kind, id_)


def _id(change: Change) -> str:
    return change.record.id if isinstance(change, Put) else change.id


def _write(change: Change) -> Write:
    body = change.record.body() if isinstance(change, Put) else None
    return Write(change.kind, _id(change), body, change.expected)


def _summary(writes: Sequence[Write]) -> str:
    """What a batch touched: up to four ids of each kind, else their number."""
    by_kind: dict[Kind, list[str]] = {}
    for write in writes:
        by_kind.setdefault(write.kind, []).append(write.id)
    return "; ".join(
        f"{kind} {', '.join(ids) if len(ids) <= 4 else f'{len(ids)} records'}" for kind, ids in sorted(by_kind.items())
    )
