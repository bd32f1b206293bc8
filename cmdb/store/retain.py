"""One run of forgetting and folding on an open store, in steps between commits. Its rules are `retention`'s."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from cmdb.store.embedded import EmbeddedStore
from cmdb.store.protocol import Batch
from cmdb.store.retention import (
    DEFAULT_RULES,
    Horizon,
    Rule,
    Scope,
    fold_bounds,
    horizons,
    note_folded,
    note_forgotten,
    scopes_of,
)
from cmdb.store.sweep import Folding, Step, forget_ends, forget_history, forget_versions


class Retained(msgspec.Struct, frozen=True):
    """How many rows one run removed."""

    forgotten_versions: int
    forgotten_history: int
    folded_versions: int


async def retain(store: EmbeddedStore, now: datetime, rules: Sequence[Rule] = DEFAULT_RULES) -> Retained:
    """Forget and fold what the rules say; the audit says what was forgotten. Can be cut short and run again."""
    scopes = await store.on_reader(lambda connection: scopes_of(connection, rules, now))  # it looks at all of the past
    await _announce(store, scopes, now)
    versions = await _sweep(store, forget_versions)
    await _sweep(store, forget_ends)
    history = await _sweep(store, forget_history)
    folding = Folding(await store.on_writer(lambda connection: fold_bounds(connection, scopes)))
    folded = await _sweep(store, folding.step, folding.start)
    await store.on_writer(lambda connection: note_folded(connection, scopes))
    return Retained(versions, history, folded)


async def _announce(store: EmbeddedStore, scopes: Sequence[Scope], now: datetime) -> None:
    """Before anything goes: into the audit, and from then on it is refused."""
    known = store.horizons
    going = [scope for scope in scopes if scope.forget_seq > known.get((scope.kind, scope.class_), Horizon(0, 0)).seq]
    if going:
        await store.commit(Batch((), (), "retention", "kept for as long as agreed", _summary(going), now))
        await store.on_writer(lambda connection: note_forgotten(connection, going))
        store.horizons = await store.on_writer(horizons)


async def _sweep(store: EmbeddedStore, step: Callable[[sqlite3.Connection, int], Step], start: int = 0) -> int:
    """Step by step to the end; how many rows went."""
    removed = 0
    position: int | None = start
    while position is not None:
        done = await store.on_writer(_from(step, position))
        removed, position = removed + done.removed, done.end
    return removed


def _from(step: Callable[[sqlite3.Connection, int], Step], position: int) -> Callable[[sqlite3.Connection], Step]:
    return lambda connection: step(connection, position)


def _summary(scopes: Sequence[Scope]) -> str:
    names = (" ".join(filter(None, (scope.kind, scope.class_, f"up to batch {scope.forget_seq}"))) for scope in scopes)
    return "forgot " + "; ".join(names)
