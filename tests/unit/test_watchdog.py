"""The agent notices when it costs its host too much, and does not take a busy minute for that."""

from __future__ import annotations

from agent.watchdog import Allowance, Watchdog

ALLOWED = Allowance(rss_bytes=100 * 2**20, cpu_share=0.5, cpu_window_s=60)


def test_too_much_memory_is_noticed_at_once() -> None:
    dog = Watchdog(ALLOWED)
    assert dog.look(0, 1, 90 * 2**20) == ""
    assert dog.look(30, 1, 120 * 2**20) == "it holds 120 MiB, 100 are allowed"


def test_cpu_is_judged_over_the_whole_window() -> None:
    dog = Watchdog(ALLOWED)
    looks = [dog.look(now, 0.9 * now, 0) for now in (0, 30, 59, 60)]
    assert looks == ["", "", "", "it used 90% of a core for 60 s, 50% are allowed"]


def test_a_busy_minute_among_quiet_ones_is_fine() -> None:
    dog = Watchdog(ALLOWED)
    assert [dog.look(now, cpu, 0) for now, cpu in ((0, 0), (30, 25), (60, 26), (90, 27), (120, 40))] == [""] * 5
