"""The incidents in memory: told at once by who writes, and once more, later, by the subscription."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cmdb.hub.incident_book import IncidentBook
from cmdb.model.change import Delta
from cmdb.model.effect import Effect, effect_id
from cmdb.model.incident import Incident
from cmdb.model.kind import Kind

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def incident(version: int, state: str = "new", number: int = 7, **fields: Any) -> Delta:
    record = Incident(
        id=str(number), number=number, version=version, title="t", state=state, priority=3, impact=2, urgency=2,
        key="k", opened_at=NOW, **fields,
    )  # fmt: skip
    return Delta(version, Kind.INCIDENT, record.id, record.body())


def effect(number: int = 7, recovered_at: datetime | None = None, version: int = 1) -> Delta:
    record = Effect(
        id=effect_id(number, "web/tcp"), version=version, incident=number, check="web/tcp", ci="web", role="cause",
        severity="critical", since=NOW, recovered_at=recovered_at,
    )  # fmt: skip
    return Delta(version, Kind.EFFECT, record.id, record.body())


def test_what_is_closed_is_not_opened_by_what_the_subscription_tells_late() -> None:
    book = IncidentBook()
    history = [incident(1), effect(), incident(2, "acknowledged"), incident(3, "closed")]
    book.take(history)
    for delta in history:
        book.take([delta])
        assert (len(book), book.rows(), book.number_of("web/tcp")) == (0, [], None)


def test_a_check_is_part_of_the_incident_that_it_is_bad_in() -> None:
    book = IncidentBook()
    book.take([incident(1), effect(), effect(recovered_at=NOW, version=2), incident(1, number=8), effect(8)])
    assert book.number_of("web/tcp") == 8
    book.take([effect(recovered_at=NOW, version=2)])
    assert book.number_of("web/tcp") == 8


def test_a_resolved_incident_has_its_checks_again_when_it_is_reopened() -> None:
    book = IncidentBook()
    book.take([incident(1), effect(), incident(2, "resolved", resolved_at=NOW)])
    assert (book.number_of("web/tcp"), book.resolved) == (None, {7: NOW})
    book.take([incident(3)])
    assert (book.number_of("web/tcp"), book.resolved) == (7, {})
