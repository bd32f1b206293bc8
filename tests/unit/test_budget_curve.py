from __future__ import annotations

from cmdb.practices.budget_curve import budget_curve
from tests.unit.service_level_examples import span

DAY = span("2026-03-02 00:00", "2026-03-03 00:00")
HOUR_DOWN = (span("2026-03-02 06:00", "2026-03-02 07:00"),)


def test_the_budget_falls_while_it_is_down_and_stays_while_it_is_up() -> None:
    curve = budget_curve(HOUR_DOWN, DAY, budget_s=7200, points=8)
    assert [point.left for point in curve] == [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert (curve[0].at, curve[-1].at) == DAY


def test_an_overdrawn_budget_goes_below_nothing() -> None:
    assert budget_curve(HOUR_DOWN, DAY, budget_s=1800, points=4)[-1].left == -1


def test_of_a_window_without_length_there_is_no_curve() -> None:
    assert budget_curve((), span("2026-03-02 00:00", "2026-03-02 00:00"), 60) == ()
