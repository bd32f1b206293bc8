"""The narrow protocol of every store, in domain verbs. Not what a batch means: that is the ledger's.

Reads are coroutines so that a store whose tables live in another process can stand behind the same protocol. The
embedded one answers `get` and small `find`s of the present without suspending. Documents are in normal form (lists,
no tuples; moments in UTC) and each is a copy of its own; bodies that are given to `commit` are not changed afterwards.

Errors::

    StoreError            the store cannot do it; `what`, `why`, `next_step` are for people
    ├── StaleVersion      a record is not at the version that the writer saw
    ├── StoreTaken        another process has this store open
    ├── StoreFull         no room or read-only: reads go on, nothing acknowledged is lost
    ├── StoreDamaged      what is on disk is not what was written, or has a newer schema
    ├── Forgotten         the past that is asked for is not kept any more
    └── Behind            a subscriber cannot be given every delta
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec

from cmdb.model.change import AuditRow, Delta, HistoryRow
from cmdb.model.kind import Kind

R = TypeVar("R", bound=msgspec.Struct)
Document = Mapping[str, Any]
Predicate = Callable[[Document], bool]  # a TinyDB query is one

# What may be asked by indexed equality; dotted names reach into the document.
INDEXES: Mapping[Kind, tuple[str, ...]] = {
    Kind.CI: ("class", "host", "name", "status"),
    Kind.RELATION: ("source", "target", "type"),
    Kind.CHECK: ("ci", "agent", "state"),
    Kind.INCIDENT: ("key", "state", "ci", "check"),
    Kind.EFFECT: ("incident",),
    Kind.INTERVAL: ("service",),
    Kind.AGREEMENT: ("service",),
    Kind.NOTICE: ("agreement",),
    Kind.AGENT: ("host",),
    Kind.DELIVERY: ("incident", "state"),
    Kind.ESCALATION: ("incident",),
    Kind.OVERRIDE: ("schedule",),
    Kind.WATCH: ("schedule",),
    Kind.REVIEW: ("state",),
    Kind.DECISION: ("ci",),
    Kind.BASELINE: ("name",),
}


class StoreError(Exception):
    """The store cannot do it."""

    def __init__(self, what: str, why: str = "", next_step: str = "") -> None:
        super().__init__(": ".join(part for part in (what, why, next_step) if part))
        self.what, self.why, self.next_step = what, why, next_step


class Forgotten(StoreError):
    """What is asked for lies further back than the record of its kind and class is kept."""


class Behind(StoreError):
    """A subscriber cannot be given every delta any more: it takes a fresh snapshot and subscribes anew."""


class StaleVersion(StoreError):
    """Somebody else wrote first. `actual` is the version there now (0: none), `current` that document."""

    def __init__(self, kind: Kind, id_: str, expected: int, actual: int, current: Document | None) -> None:
        super().__init__(f"{kind} {id_}", f"is at version {actual}, not {expected}", "read it again, then decide anew")
        self.kind, self.id, self.expected, self.actual, self.current = kind, id_, expected, actual, current


class StoreTaken(StoreError):
    """Another process has this store open."""


class StoreFull(StoreError):
    """There is no room, or the disk is read-only."""


class StoreDamaged(StoreError):
    """What is on disk cannot be trusted."""


class Write(msgspec.Struct, frozen=True):
    """One document to write (`body`, whose `version` the store sets) or to delete (`body` is None).

    `packed` is the body as it will be, at the version after `expected`, in msgpack, where the writer has it already.
    """

    kind: Kind
    id: str
    body: dict[str, Any] | None
    expected: int | None = None
    packed: bytes | None = None


class Difference(msgspec.Struct, frozen=True):
    """One history row before the store stamps it with sequence, time, actor and reason."""

    kind: Kind
    id: str
    attribute: str
    before: Any = None
    after: Any = None


class Batch(msgspec.Struct, frozen=True):
    """Everything of one commit: all of it becomes durable, or none. A later write sees the earlier ones.

    The store moves `at` forward to the last batch's where it lies before it: moments rise with `seq`.
    """

    writes: tuple[Write, ...]
    differences: tuple[Difference, ...]
    actor: str
    reason: str
    summary: str
    at: datetime


class Committed(msgspec.Struct, frozen=True):
    """The batch's sequence number and the documents as they now are (None: deleted), in the order written."""

    seq: int
    deltas: tuple[Delta, ...]


class Subscription(Protocol):
    """The deltas of each batch, batch by batch, from the moment that `subscribe` was called. For one reader."""

    def __aiter__(self) -> Subscription:
        """Itself."""

    async def __anext__(self) -> Sequence[Delta]:
        """The next batch's. Raises `Behind` when it is no longer kept: subscribers are bounded."""

    def close(self) -> None:
        """End it now, also for a reader that is waiting."""

    @property
    def seq(self) -> int:
        """The sequence number of the last batch read."""


class Finder(Protocol):
    """Where whoever keeps something of the record at hand loads it from: a store, or a store as of a moment."""

    async def find(
        self, kind: Kind, equals: Mapping[str, Any] | None = None, matching: Predicate | None = None
    ) -> list[Document]:
        """As `Store.find`."""


class Store(Protocol):
    """One writer, many readers. Sequence numbers rise by one with each batch and never return."""

    async def commit(self, batch: Batch) -> Committed:
        """Check versions, make durable, then visible, then return. Raises `StaleVersion`, `StoreFull`."""

    async def get(self, kind: Kind, id_: str, *, at: datetime | None = None) -> Document | None:
        """The document now, or as it was at that moment. Raises `Forgotten`."""

    async def bodies(self, keys: Sequence[tuple[Kind, str]]) -> list[bytes | None]:
        """These documents now, in msgpack, in the order asked: for who compares many and reads few."""

    async def find(
        self,
        kind: Kind,
        equals: Mapping[str, Any] | None = None,
        matching: Predicate | None = None,
        *,
        at: datetime | None = None,
    ) -> list[Document]:
        """The documents with these values that the predicate accepts, ordered by id. Raises `Forgotten`."""

    def scan(
        self, kind: Kind, equals: Mapping[str, Any] | None = None, matching: Predicate | None = None
    ) -> AsyncIterator[Document]:
        """As `find`, of one moment too, but one by one: for who goes through many and keeps little of each."""

    async def read(self, kind: Kind, type_: type[R], where: str, values: Iterable[str]) -> list[R]:
        """The records with one of these values in the field `where`, ordered by id, as the structs that hold them.

        As `find` for each value, but quick: for whoever reads much at once of what is there now.
        """

    async def search(self, text: str, kind: Kind, *, limit: int = 100) -> list[Document]:
        """The records of a kind whose texts have every word of `text` somewhere in them, best match first.

        Case does not count; a word may lie within a longer one. Which fields are searched: `cmdb.store.text`.
        """

    async def history(
        self,
        kind: Kind | None = None,
        id_: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[HistoryRow]:
        """History rows, newest first; `since` is included, `until` is not."""

    async def audit(self, *, after_seq: int = 0, limit: int | None = None) -> list[AuditRow]:
        """Audit rows, oldest first."""

    def subscribe(self, after_seq: int | None = None) -> Subscription:
        """Deltas of each batch after this sequence number (None: from now on). It ends when the store is closed.

        Raises `Behind` when that number is no longer kept, or has not been written yet.
        """

    @property
    def seq(self) -> int:
        """The sequence number of the last batch that is visible."""

    @property
    def trouble(self) -> str | None:
        """Why batches cannot be written, or what on disk is damaged, for people; None when all is well.

        Reads of the present go on in any case. It is over by itself when there is room again.
        """

    async def close(self) -> None:
        """Make everything durable and let go."""
