"""Drawing is coalesced, and goes on when a timer is lost: on a loaded machine Textual skips one that is overdue."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widget import Widget

from console.widgets.pulse import LATE_S, WATCHING_PERIOD_S, Pulse


class Owner(Widget):
    """Its timers never come."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def set_timer(self, delay: float, *_: Any, **__: Any) -> Any:
        self.waits.append(delay)
        return self

    def stop(self) -> None:
        pass


def test_what_is_asked_for_often_is_drawn_now_and_then_even_when_a_timer_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("console.widgets.pulse.time.monotonic", lambda: now)
    drawn: list[float] = []
    owner = Owner()
    beat = Pulse(owner, lambda: drawn.append(now))
    beat.ask()
    for _ in range(5):
        beat.ask()
    assert drawn == [100.0]
    assert owner.waits == [WATCHING_PERIOD_S]
    now += WATCHING_PERIOD_S + LATE_S
    beat.catch_up()
    assert drawn == [100.0, now]
    beat.catch_up()
    assert drawn == [100.0, now]


def test_a_moment_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("console.widgets.pulse.time.monotonic", lambda: now)
    drawn: list[float] = []
    owner = Owner()
    beat = Pulse(owner, lambda: drawn.append(now))
    beat.ask()
    now += WATCHING_PERIOD_S - 0.001
    beat.ask()
    assert (len(drawn), owner.waits) == (2, [])
