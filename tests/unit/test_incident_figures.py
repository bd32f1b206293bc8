"""What a period of incidents was like."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from cmdb.model.incident import Incident, TimelineEntry
from cmdb.practices.incident import acknowledged, closed, merged, reopened, resolved, told
from cmdb.practices.incident_figures import figures
from cmdb.practices.incident_report import incident_report
from cmdb.practices.span import Span
from cmdb.report.plain import as_text

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = Span(START, START + timedelta(days=1))
NOW = START + timedelta(days=2)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def incident(number: int, opened: float, check: str = "web/tcp", priority: int = 2) -> Incident:
    return Incident(
        id=str(number), number=number, title="x", priority=priority, impact=2, urgency=1, key=check, check=check,
        opened_at=at(opened), respond_due=at(opened + 0.5), resolve_due=at(opened + 8),
        timeline=(TimelineEntry(at=at(opened), who="hub", what="opened"),),
    )  # fmt: skip


ANSWERED = resolved(acknowledged(incident(1, 1), "mia", at(1.25)), "mia", at(3))
LATE = resolved(acknowledged(incident(2, 4, "db/tcp", 1), "rab", at(4.75)), "rab", at(13))
ALONE = resolved(incident(3, 14), "hub", at(14.1))
MERGED = merged(incident(4, 15), "hub", at(15), 1, "why")
BACK = resolved(reopened(resolved(incident(5, 16), "hub", at(16.1)), "hub", at(17), "again"), "hub", at(18))
ALL = [ANSWERED, LATE, ALONE, MERGED, BACK]


def test_the_figures_of_a_day() -> None:
    found = figures(ALL, DAY, NOW)
    assert (found.opened, found.resolved, found.merged) == (4, 4, 1)
    assert found.by_priority == {1: 1, 2: 3}
    assert found.mtta_s == pytest.approx((900 + 2700) / 2)
    assert found.mttr_s == pytest.approx((7200 + 9 * 3600 + 360 + 7200) / 4)
    assert (found.acknowledged, found.never_acknowledged, found.self_resolved) == (2, 0, 2)
    assert (found.reopened, found.reopen_rate) == (1, 0.25)
    assert (found.respond_missed, found.resolve_missed) == (2, 1)


def test_time_between_incidents_is_what_was_well_by_their_number() -> None:
    found = figures([ANSWERED, LATE], DAY, NOW)
    assert found.mtbf_s == pytest.approx((24 - 2 - 9) * 3600 / 2)


def test_what_somebody_opened_by_hand_is_no_noise_and_what_others_report_has_a_name() -> None:
    by_hand = msgspec.structs.replace(incident(6, 2), check=None, key="hand:6")
    outside = msgspec.structs.replace(incident(7, 3), check=None, key="alertmanager:91f2", title="queue is full")
    (noise,) = figures([by_hand, outside], DAY, NOW).noisiest
    assert (noise.check, noise.name) == ("alertmanager:91f2", "queue is full")
    assert "queue is full" in as_text(incident_report(figures([by_hand, outside], DAY, NOW)))


def test_noise_is_counted_by_check() -> None:
    noisiest = figures(ALL, DAY, NOW).noisiest
    assert [(one.check, one.incidents, one.self_resolved) for one in noisiest] == [("web/tcp", 4, 1), ("db/tcp", 1, 0)]


def test_nights_and_weekends_are_those_of_the_people_there() -> None:
    one = told(incident(1, 21.5), at(21.5), "mia by mail: taken")
    one = told(one, at(21.6), "rab not yet: mail: refused")
    assert (figures([one], DAY, NOW).told, figures([one], DAY, NOW).told_at_night) == (1, 0)
    assert figures([one], DAY, NOW, "Europe/Berlin").told_at_night == 1


def test_a_period_without_incidents_has_no_means() -> None:
    found = figures([closed(incident(1, -5), "mia", at(0))], DAY, NOW)
    assert (found.opened, found.mtta_s, found.mttr_s, found.mtbf_s, found.reopen_rate) == (0, None, None, None, None)
    assert "no data" in as_text(incident_report(found))


def test_the_report_says_the_figures() -> None:
    text = as_text(incident_report(figures(ALL, DAY, NOW)))
    for words in ("4 opened, 4 resolved, 1 merged", "30 min", "P1", "web/tcp"):
        assert words in text
