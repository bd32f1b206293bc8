"""A filter: an expression and the judges of its terms, made once and asked of each document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from cmdb.filter.expression import Expression
from cmdb.filter.field import Related, Scope, nothing_related
from cmdb.filter.judge import Judge, judge_of
from cmdb.store.protocol import Document


@dataclass(frozen=True)
class Filter(Expression):
    """Which documents are wanted. Frozen; `str` gives a text that parses to an equal one."""

    def matches(self, document: Document, *, now: datetime | None = None, related: Related = nothing_related) -> bool:
        """Whether this document is wanted.

        `now` is what relative moments and ages count from (default: the machine's clock); `related` looks up the
        record of an id, for `host.site=ber`.
        """
        scope = Scope(now or datetime.now(UTC), related)
        return all(judge(document, scope) for judge in self._judges)

    @cached_property
    def _judges(self) -> tuple[Judge, ...]:
        return tuple(judge_of(term) for term in self.terms)
