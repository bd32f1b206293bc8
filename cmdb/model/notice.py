"""A notice that an agreement is going to be breached: when it was given, to whom, and what came of it."""

from __future__ import annotations

from datetime import datetime

from cmdb.model.kind import Record


class Notice(Record, frozen=True, kw_only=True):
    """One for each stretch in which a breach was foreseen, or came unforeseen.

    `receipts` are by address: what its mail server answered. `breached_at` is when it came true, `ended_at` when
    it was over.
    """

    agreement: str
    noticed_at: datetime
    breach_foreseen_at: datetime
    why: str = ""
    receipts: dict[str, str] = {}
    breached_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def lead_s(self) -> float | None:
        """How long before the breach it was given; None while there was none."""
        return None if self.breached_at is None else (self.breached_at - self.noticed_at).total_seconds()
