"""Reconnecting waits longer each time and begins anew after a good connection."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.backoff import Backoff


def test_ceilings_double_up_to_the_longest() -> None:
    backoff = Backoff(1, 10, uniform=lambda _, high: high)
    assert [backoff.wait_s() for _ in range(6)] == [1, 2, 4, 8, 10, 10]
    backoff.settle()
    assert backoff.wait_s() == 1


@given(st.integers(1, 200))
def test_a_wait_is_never_nothing_and_never_over_the_longest(tries: int) -> None:
    backoff = Backoff(0.5, 60)
    assert all(0.25 <= backoff.wait_s() <= 60 for _ in range(tries))


def test_a_lost_hub_is_come_back_to_over_the_time_that_it_said_and_once() -> None:
    backoff = Backoff(1, 10, uniform=lambda _, high: high)
    backoff.spread(7)
    assert [backoff.wait_s(), backoff.wait_s()] == [8, 2]
    backoff.spread(-3)
    assert backoff.wait_s() == 4
    backoff.spread(10**9)
    assert backoff.wait_s() == 8 + 10
