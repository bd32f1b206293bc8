from __future__ import annotations

from collections.abc import Callable

import pytest

from cmdb.practices.budget import alerts, budget_s, burn_rate, exhaustion_s, trend, windows_for

DAY_S = 86400.0


@pytest.mark.parametrize(("days", "minutes", "seconds"), [(30, 43, 12.0), (28, 40, 19.2)])
def test_the_budget_of_three_nines(days: int, minutes: int, seconds: float) -> None:
    assert budget_s(0.999, days * DAY_S) == minutes * 60 + seconds


def test_what_is_left_lasts_as_long_as_the_burn_allows() -> None:
    assert exhaustion_s(0.6, 720, 6) == pytest.approx(72)
    assert exhaustion_s(0.6, 720, 0) is None
    assert exhaustion_s(-0.1, 720, 2) == 0


@pytest.mark.parametrize(
    ("days", "factors"),
    [(30, [14.4, 6, 3, 1]), (28, [13.44, 5.6, 2.8, 0.9333]), (7, [13.44, 3.5, 1.4, 0.98])],
)
def test_the_factors_of_each_period(days: int, factors: list[float]) -> None:
    assert [round(pair.factor(days * DAY_S), 4) for pair in windows_for(days * DAY_S)] == factors


@pytest.mark.parametrize("period_s", [10 * DAY_S, 30 * DAY_S + 1])
def test_a_period_with_no_configured_windows_is_refused(period_s: float) -> None:
    with pytest.raises(ValueError, match="no burn-rate windows"):
        windows_for(period_s)


def outage_of(outage_s: float) -> Callable[[float], float]:
    """The burn at 99.9 % over a window that ends with an outage of this length."""
    return lambda window_s: burn_rate(min(outage_s, window_s) / window_s, 0.999)


@pytest.mark.parametrize(("outage_s", "fires"), [(51.8, False), (51.85, True)])
def test_a_total_outage_pages_after_51_84_seconds(outage_s: float, fires: bool) -> None:
    fired = alerts(windows_for(30 * DAY_S), 30 * DAY_S, outage_of(outage_s))
    assert ("page, quick" in [alert.name for alert in fired]) is fires


def test_an_outage_that_is_over_pages_nobody() -> None:
    fired = alerts(windows_for(30 * DAY_S), 30 * DAY_S, lambda window_s: 0.0 if window_s == 300 else 100.0)
    assert "page, quick" not in [alert.name for alert in fired]


def test_with_few_observations_a_page_is_only_a_ticket() -> None:
    fired = alerts(windows_for(7 * DAY_S), 7 * DAY_S, lambda _: 50.0, observations=3, minimum_observations=20)
    assert {alert.severity for alert in fired} == {"ticket"}


def test_the_trend_is_what_burns_in_a_short_and_its_long_window() -> None:
    burns = {300.0: 0.0, 3600.0: 50.0, 1800.0: 4.0, 21600.0: 9.0, 7200.0: 8.0, 86400.0: 2.0, 259200.0: 1.0}
    assert trend(windows_for(30 * DAY_S), burns.__getitem__) == 4.0


def test_a_target_without_a_budget_burns_at_once() -> None:
    assert burn_rate(0.001, 1.0) == float("inf")
    assert burn_rate(0.0, 1.0) == 0.0
