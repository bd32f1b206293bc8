"""What every list does with its rows: filter, sort, limit."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cmdb.filter import FilterError, Order, parse, parse_sort
from cmdb.filter.expression import Condition
from cmdb.filter.field import Related, nothing_related
from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.verb import ListArguments
from cmdb.hub.protocol import Code

Row = dict[str, Any]
Accepts = Callable[[Mapping[str, Any]], bool]


def compiled(text: str, related: Related = nothing_related) -> Accepts:
    """The filter as a predicate; `related` looks up what a row refers to. Raises `Refused`."""
    if not text.strip():
        return lambda _row: True
    try:
        return functools.partial(parse(text).matches, related=related)
    except FilterError as error:
        raise Refused(Code.USAGE, "--filter", str(error), "see docs/filter.md") from error


def fields_of(text: str) -> frozenset[str]:
    """The fields that the filter is about. Raises `Refused`."""
    try:
        return frozenset(term.field for term in parse(text).terms if isinstance(term, Condition))
    except FilterError as error:
        raise Refused(Code.USAGE, "--filter", str(error), "see docs/filter.md") from error


def ordered(text: str) -> Order:
    """The order that this text says. Raises `Refused`."""
    try:
        return parse_sort(text)
    except FilterError as error:
        raise Refused(Code.USAGE, "--sort", str(error), "see docs/filter.md") from error


def listed(
    rows: Iterable[Row], args: ListArguments, default_order: str = "", related: Related = nothing_related
) -> list[Row]:
    """The rows that a list verb answers. Raises `Refused`."""
    accepts = compiled(args.filter, related)
    chosen = sorted(filter(accepts, rows), key=ordered(args.sort or default_order).key)
    return chosen if args.limit is None else chosen[: max(0, args.limit)]
