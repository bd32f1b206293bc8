"""What a TinyDB query demands by equality, so that an index can narrow its candidates.

TinyDB keeps it in the private `_hash` of a query: `('==', path, value)`, `('and', frozenset(...))`. A test guards
that; whatever is not understood narrows nothing, and the query itself still runs on each candidate.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tinydb.queries import QueryInstance

from cmdb.store.index import Path

# Values whose equality and hash agree with whatever msgpack gives back.
_COMPARABLE = (str, int, float, bytes, datetime, type(None))


def equalities(query: object) -> list[tuple[Path, Any]]:
    """Every (path, value) that a document must have for the query to accept it."""
    return list(_demanded(query._hash)) if isinstance(query, QueryInstance) else []


def _demanded(term: object) -> Iterator[tuple[Path, Any]]:
    match term:
        case ("==", tuple() as path, value) if isinstance(value, _COMPARABLE) and all(isinstance(p, str) for p in path):
            yield path, value
        case ("and", frozenset() as terms):
            for inner in terms:
                yield from _demanded(inner)
