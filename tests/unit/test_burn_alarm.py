from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from cmdb.model.service import Agreement, Interval
from cmdb.practices.burn_alarm import BurnAlarm, alarm_period_s, burn_alarm
from cmdb.practices.calendar import parse_calendar
from tests.unit.service_level_examples import interval, utc

NOW = utc("2026-11-20 12:00")


def agreed(period: str = "30d") -> Agreement:
    return Agreement(id="shop", name="shop", service="shop", period=period, target=0.999)


def during(*, down_s: float, ago_s: float = 0) -> list[Interval]:
    """Up for ten days, then down for so long until so long ago."""
    end = NOW - timedelta(seconds=ago_s)
    begin = end - timedelta(seconds=down_s)
    return [interval("up", NOW - timedelta(days=10), begin), interval("down", begin, end), interval("up", end)]


def alarm(record: list[Interval], period: str = "30d") -> BurnAlarm | None:
    return burn_alarm(agreed(period), parse_calendar("24x7"), record, NOW)


def test_a_total_outage_pages_within_a_minute() -> None:
    assert alarm(during(down_s=51)) is None
    found = alarm(during(down_s=52))
    assert found is not None
    assert (found.severity, found.names) == ("page", ("page, quick",))
    assert found.text == (
        "173.3 times as quickly as it may over 5 min, 14.4 over 1 h: more than 14.4 calls (page, quick)"
    )


def test_what_burned_this_morning_is_a_ticket() -> None:
    found = alarm(during(down_s=600, ago_s=5000))
    assert found is not None
    assert (found.severity, found.names) == ("ticket", ("ticket, quick", "ticket, slow"))


def test_a_service_that_is_hardly_looked_at_wakes_nobody() -> None:
    rare = msgspec.structs.replace(agreed(), minimum_observations=30)
    severities = []
    for seen in (29, 30):
        found = burn_alarm(rare, parse_calendar("24x7"), during(down_s=52), NOW, seen)
        severities.append(found and found.severity)
    assert severities == ["ticket", "page"]


def test_a_month_is_watched_like_thirty_days_and_a_fortnight_is_not() -> None:
    assert alarm(during(down_s=52), "month") is not None
    assert alarm(during(down_s=52), "14d") is None
    with pytest.raises(ValueError, match="no burn-rate windows"):
        alarm_period_s(agreed("14d"))
    with pytest.raises(ValueError, match="no burn-rate windows"):
        alarm_period_s(agreed("year"))
