from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cmdb.model.incident import Incident, TimelineEntry
from cmdb.model.service import Interval
from cmdb.practices.availability import figures, layers
from cmdb.practices.calendar import parse_calendar
from cmdb.practices.reliability import Reliability, answers, reliability
from cmdb.practices.span import Span
from tests.unit.service_level_examples import interval, utc

START = utc("2026-11-01 00:00")
ALWAYS = parse_calendar("24x7")


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def down(start_h: float, length_h: float) -> Interval:
    return interval("down", at(start_h), at(start_h + length_h))


def test_three_outages_in_a_month() -> None:
    record = [interval("up", START), down(100, 1), down(300, 2), down(500, 3)]
    divided = layers(record, ALWAYS, Span(START, at(720)))
    found = reliability(divided)
    assert (found.mttr_s, found.mtbf_s) == (2 * 3600, 238 * 3600)
    assert found.mttr_s is not None
    assert found.mtbf_s is not None
    share = figures(divided).share
    assert share == pytest.approx(238 / 240)
    assert share == pytest.approx(0.991667, abs=1e-6)


def test_without_an_outage_there_is_no_mean() -> None:
    found = reliability(layers([interval("up", START)], ALWAYS, Span(START, at(720))))
    assert found == Reliability(outages=0, mttr_s=None, mtbf_s=None)


def incident(*steps: tuple[float, str, str], resolved_h: float | None = None) -> Incident:
    return Incident(
        id="1", number=1, title="web down", priority=1, impact=1, urgency=1, key="k", opened_at=START,
        resolved_at=None if resolved_h is None else at(resolved_h),
        timeline=tuple(TimelineEntry(at=at(hours), who=who, what=what) for hours, who, what in steps),
    )  # fmt: skip


def test_the_mean_time_to_answer_counts_only_people() -> None:
    found = answers(
        [
            incident((0.5, "mia", "acknowledged"), (0.6, "hub", "re-armed"), (0.9, "leo", "acknowledged")),
            incident((0.25, "leo", "assigned"), (1, "leo", "resolved"), resolved_h=1),
            incident((0.1, "hub", "resolved"), resolved_h=0.1),
            incident((2, "mia", "resolved"), resolved_h=2),
            incident(),
        ]
    )
    assert (found.acknowledged, found.self_resolved, found.never_acknowledged) == (2, 1, 2)
    assert found.mtta_s == 0.375 * 3600
