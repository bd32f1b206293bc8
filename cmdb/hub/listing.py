"""What every list does with its rows: filter, sort, limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cmdb.filter import FilterError, Order, parse, parse_sort
from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.verb import ListArguments
from cmdb.hub.protocol import Code

Row = dict[str, Any]
Accepts = Callable[[Mapping[str, Any]], bool]


def compiled(text: str) -> Accepts:
    """The filter as a predicate. Raises `Refused`."""
    if not text.strip():
        return lambda _row: True
    try:
        return parse(text).matches
    except FilterError as error:
        raise Refused(Code.USAGE, "--filter", str(error), "see docs/filter.md") from error


def ordered(text: str) -> Order:
    """The order that this text says. Raises `Refused`."""
    try:
        return parse_sort(text)
    except FilterError as error:
        raise Refused(Code.USAGE, "--sort", str(error), "see docs/filter.md") from error


def listed(rows: Iterable[Row], args: ListArguments, default_order: str = "") -> list[Row]:
    """The rows that a list verb answers. Raises `Refused`."""
    accepts = compiled(args.filter)
    chosen = sorted(filter(accepts, rows), key=ordered(args.sort or default_order).key)
    return chosen if args.limit is None else chosen[: max(0, args.limit)]
