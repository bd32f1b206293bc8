"""The one way to change the record: versions checked, durable, history and audit written, then visible.

Nothing else writes to the store. Rules decide what is to change; the ledger records it.
"""

from __future__ import annotations

from collections.abc import Sequence

from cmdb.clock import Clock
from cmdb.hub.draft import Draft
from cmdb.model.change import Change
from cmdb.model.kind import Kind
from cmdb.store.protocol import Batch, Committed, Document, StaleVersion, Store, Write


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
                if any((c.kind, c.id, c.expected) == (stale.kind, stale.id, stale.expected) for c in changes):
                    raise
        return None

    async def _batch(self, changes: Sequence[Change], actor: str, reason: str) -> Batch | None:
        """What differs from what is there now, each write pinned to the version that it was compared with."""
        keys = [(change.kind, change.id) for change in changes]
        draft = Draft(dict(zip(keys, await self.store.bodies(keys), strict=True)))
        for key, change in zip(keys, changes, strict=True):
            draft.add(key, change)
        if not draft.writes:
            return None
        summary = _summary(draft.writes)
        return Batch(tuple(draft.writes), tuple(draft.differences), actor, reason, summary, self.clock.now())

    async def note(self, *, actor: str, reason: str, summary: str) -> Committed:
        """Put into the audit what changed no record: a login, a refusal, a command."""
        return await self.store.commit(Batch((), (), actor, reason, summary, self.clock.now()))

    async def get(self, kind: Kind, id_: str) -> Document | None:
        """The document as it is now."""
        return await self.store.get(kind, id_)


def _summary(writes: Sequence[Write]) -> str:
    """What a batch touched: up to four ids of each kind, else their number."""
    by_kind: dict[Kind, list[str]] = {}
    for write in writes:
        by_kind.setdefault(write.kind, []).append(write.id)
    return "; ".join(
        f"{kind} {', '.join(ids) if len(ids) <= 4 else f'{len(ids)} records'}" for kind, ids in sorted(by_kind.items())
    )
