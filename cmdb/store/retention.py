"""How long the past is kept, by kind and class, and what goes then. The audit is never cut.

Forgetting: what was replaced before a moment can no longer be read as of then; asking is refused, not guessed. Folding:
of versions in a row that differ in volatile fields only (a heartbeat, a counter) the first stands for all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from cmdb.model.kind import Kind
from cmdb.store.moment import to_us
from cmdb.store.rows import place_of

DAY = timedelta(days=1)
FOR_EVER = 36_500 * DAY
KindAndClass = tuple[str, str]


class Rule(msgspec.Struct, frozen=True):
    """For the records of a kind (and class; "" for every class without a rule of its own).

    `keep` is how far back the past can be read; `exact` how far back every version is kept, before it only those
    that history can tell apart.
    """

    kind: Kind
    class_: str = ""
    keep: timedelta = 730 * DAY
    exact: timedelta = 30 * DAY


# Kinds without a rule are kept for ever. `[[retention]]` in watchdeck.toml says otherwise.
DEFAULT_RULES: Sequence[Rule] = (
    Rule(Kind.CI),
    Rule(Kind.CI, "package", keep=400 * DAY),
    Rule(Kind.RELATION, keep=400 * DAY),
    Rule(Kind.AGENT, keep=90 * DAY, exact=DAY),
    Rule(Kind.CHECK, keep=400 * DAY, exact=DAY),
    Rule(Kind.SERVICE, exact=DAY),
    Rule(Kind.COUNTER, keep=DAY, exact=DAY),
    Rule(Kind.DECISION, keep=400 * DAY),
)


class Scope(msgspec.Struct, frozen=True):
    """A kind and class that has a past: it is forgotten up to one batch, folded up to another."""

    kind: str
    class_: str
    forget_seq: int
    fold_seq: int


def scopes_of(connection: sqlite3.Connection, rules: Iterable[Rule], now: datetime) -> list[Scope]:
    """What the rules say of each kind and class that has a past."""
    with_a_past = connection.execute("SELECT kind, class FROM past UNION SELECT kind, class FROM history").fetchall()
    scopes = []
    for kind, class_ in with_a_past:
        rule = rule_of(rules, kind, class_)
        if rule is not None:
            forget, fold = (_seq_at(connection, now - age) for age in (rule.keep, rule.exact))
            scopes.append(Scope(kind, class_, forget, fold))
    return scopes


def rule_of(rules: Iterable[Rule], kind: str, class_: str) -> Rule | None:
    """The rule for this class, else the one for its kind."""
    fitting = {rule.class_: rule for rule in rules if rule.kind == kind and rule.class_ in {class_, ""}}
    return fitting.get(class_) or fitting.get("")


class Horizon(msgspec.Struct, frozen=True, order=True):
    """The first batch, and its moment, as of which a kind and class can still be read."""

    seq: int
    at_us: int


def horizons(connection: sqlite3.Connection) -> dict[KindAndClass, Horizon]:
    """Of each kind and class of which something was forgotten."""
    rows = connection.execute(
        "SELECT kind, class, seq, at FROM retention JOIN audit ON audit.seq = forgotten_seq"
    ).fetchall()
    return {(kind, class_): Horizon(seq, at_us) for kind, class_, seq, at_us in rows}


def note_forgotten(connection: sqlite3.Connection, scopes: Iterable[Scope]) -> None:
    """Before anything goes: from then on it is refused."""
    connection.executemany(
        "INSERT INTO retention (kind, class, forgotten_seq) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET forgotten_seq = max(forgotten_seq, excluded.forgotten_seq)",
        [(scope.kind, scope.class_, scope.forget_seq) for scope in scopes],
    )


def fold_bounds(connection: sqlite3.Connection, scopes: Iterable[Scope]) -> Mapping[KindAndClass, tuple[int, int]]:
    """Of each kind and class, the places between which `past` is still to be folded."""
    rows = connection.execute("SELECT kind, class, folded_place FROM retention").fetchall()
    done = {(kind, class_): place for kind, class_, place in rows}
    return {
        (scope.kind, scope.class_): (done.get((scope.kind, scope.class_), 0), place_of(scope.fold_seq + 1, 0))
        for scope in scopes
    }


def note_folded(connection: sqlite3.Connection, scopes: Iterable[Scope]) -> None:
    connection.executemany(
        "INSERT INTO retention (kind, class, folded_place) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET folded_place = max(folded_place, excluded.folded_place)",
        [(scope.kind, scope.class_, place_of(scope.fold_seq + 1, 0) - 1) for scope in scopes],
    )


def _seq_at(connection: sqlite3.Connection, moment: datetime) -> int:
    found = connection.execute("SELECT coalesce(max(seq), 0) FROM audit WHERE at <= ?", (to_us(moment),)).fetchone()
    return int(found[0])
