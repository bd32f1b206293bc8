from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cmdb.model.notice import Notice
from cmdb.model.service import Agreement
from cmdb.practices.calendar import parse_calendar
from cmdb.practices.forecast import Forecast, announced_share, forecast, stepped
from cmdb.practices.standing import Status
from tests.unit.service_level_examples import interval, utc

NOW = utc("2026-11-20 12:00")
ALWAYS = parse_calendar("24x7")
SHOP = Agreement(id="shop", name="shop", service="shop", target=0.999)


def outage_of(minutes: float) -> Forecast:
    """The forecast in the middle of an outage that began so many minutes ago."""
    begin = NOW - timedelta(minutes=minutes)
    record = [interval("up", NOW - timedelta(days=60), begin), interval("down", begin)]
    return forecast(SHOP, ALWAYS, record if minutes else record[:1], NOW)


def test_a_forecast_says_when_and_why() -> None:
    found = outage_of(10)
    assert found.lead_s == 2592 - 600
    assert [(one.kind, (one.at - NOW).total_seconds()) for one in found.ahead] == [
        ("outage", 2592 - 600),
        ("budget", (2592 - 600) * 6),
    ]
    assert (
        found.why
        == "77% of the budget (33 min 12 s) left, burning 166.7 times as quickly as it may: gone in 3 h 19 min"
        "; down since 11:50:00Z, gone in 33 min 12 s if that lasts"
    )
    assert [one.windows for one in found.evidence] == ["5 min / 1 h", "30 min / 6 h", "2 h / 1 d", "6 h / 3 d"]
    assert found.evidence[0].short_burn == pytest.approx(1000)


def test_without_an_outage_no_breach_is_ahead() -> None:
    assert outage_of(0).why.endswith("no breach ahead")


def test_a_breach_says_by_how_much() -> None:
    assert outage_of(50).why == "breached: 6 min 48 s more down than the 43 min 12 s allowed"


def seen(minutes: float, status: Status = Status.AT_RISK, ahead_h: float | None = 2) -> Forecast:
    at = NOW + timedelta(minutes=minutes)
    ahead = None if ahead_h is None else at + timedelta(hours=ahead_h)
    return Forecast(
        agreement="shop", at=at, status=status, breach_at=ahead, lead_s=None, burn=2, budget_remaining=0.5,
        evidence=(), why="", breached=status is Status.BREACHED,
    )  # fmt: skip


def after(*forecasts: Forecast) -> list[Notice]:
    """The notices that these forecasts leave, one after the other."""
    found: dict[str, Notice] = {}
    last: Notice | None = None
    for one in forecasts:
        last = stepped(last, one)
        if last is not None:
            found[last.id] = last
    return list(found.values())


def moments(notice: Notice) -> tuple[datetime, datetime | None, datetime | None]:
    return notice.noticed_at, notice.breached_at, notice.ended_at


def test_a_breach_foreseen_is_noticed_once_and_kept_until_it_came() -> None:
    [notice] = after(seen(0), seen(30), seen(60, Status.BREACHED, None), seen(90, Status.BREACHED, None))
    assert moments(notice) == (NOW, NOW + timedelta(hours=1), None)
    assert notice.lead_s == 3600


def test_a_trend_that_stops_ends_the_notice_and_one_that_comes_back_soon_goes_on_with_it() -> None:
    [ended] = after(seen(0), seen(10, Status.MET, None))
    assert moments(ended) == (NOW, None, NOW + timedelta(minutes=10))
    [again] = after(seen(0), seen(10, Status.MET, None), seen(60))
    assert again.ended_at is None
    assert len(after(seen(0), seen(10, Status.MET, None), seen(300))) == 2


def test_a_breach_that_nobody_foresaw_is_a_notice_without_lead() -> None:
    [notice] = after(seen(0, Status.BREACHED, None))
    assert notice.lead_s == 0


def test_nothing_ahead_is_no_notice() -> None:
    assert after(seen(0, Status.MET, None), seen(5, Status.NO_DATA, None)) == []


def test_the_share_of_breaches_that_were_announced_in_time() -> None:
    notices = after(
        seen(0),
        seen(120, Status.BREACHED, None),
        seen(200, Status.MET, None),
        seen(1000, Status.BREACHED, None),
        seen(1100, Status.MET, None),
        seen(2000),
    )
    assert len(notices) == 3
    assert announced_share(notices, 3600) == 0.5
    assert announced_share(notices, 3 * 3600) == 0
    assert announced_share(notices[2:], 3600) is None
