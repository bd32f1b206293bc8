"""When checks run, what is handed out, and honesty under overload: on a clock that jumps."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from agent.scheduler import DEFAULT_LIMITS, SUMMARIES_AT_ONCE, Limits, Outcome, Scheduler
from agent.wire import CheckResult, Resume, Summary
from checks.definition import Definition
from checks.result import Metric, Result, State
from tests.warp import EPOCH, warp_loop, warped


class Prober:
    """A runner that answers what it is told and remembers when it was asked."""

    def __init__(self, answer: Callable[[str, int], State] = lambda check, nth: State.OK, takes_s: float = 0.0) -> None:
        self.starts: dict[str, list[float]] = {}
        self.answer = answer
        self.takes_s = takes_s
        self.running = 0
        self.most_running = 0

    async def run(self, definition: Definition) -> Result:
        loop = warp_loop()
        starts = self.starts.setdefault(definition.id, [])
        starts.append(round(loop.time(), 3))
        nth = len(starts) - 1
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(self.takes_s)
        finally:
            self.running -= 1
        state = self.answer(definition.id, nth)
        return Result(definition.id, loop.now(), state, f"answer {nth}", metrics=(Metric("nth", float(nth)),))


class Night:
    """A scheduler with its prober and everything that it handed out."""

    def __init__(self, prober: Prober, limits: Limits = DEFAULT_LIMITS, seed: int = 7) -> None:
        self.prober = prober
        self.outcomes: list[Outcome] = []
        self.scheduler = Scheduler(
            self.outcomes.append, run=prober.run, limits=limits, now=warp_loop().now, chance=random.Random(seed)
        )

    @property
    def changes(self) -> list[CheckResult]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, CheckResult)]

    @property
    def summaries(self) -> list[Summary]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, Summary)]

    def trace(self) -> list[str]:
        """Each change as `critical S1`."""
        return [f"{c.result.state.word} {'H' if c.hard else 'S'}{c.attempt}" for c in self.changes]


def check(name: str = "a", **settings: object) -> Definition:
    given = {"interval_s": 10.0, "retry_s": 3.0, "max_attempts": 3, **settings}
    return Definition(id=f"ci/{name}", ci="ci", type="fake", **given)  # type: ignore[arg-type]


def test_first_runs_are_spread_and_then_each_keeps_its_own_beat() -> None:
    async def main() -> None:
        night = Night(Prober())
        night.scheduler.replace([check(str(number)) for number in range(100)], {})
        await asyncio.sleep(25)
        await night.scheduler.stop()
        firsts = [starts[0] for starts in night.prober.starts.values()]
        assert len(set(firsts)) > 90
        assert max(firsts) <= 2.0  # 100 new checks at 50 a second
        for starts in night.prober.starts.values():
            assert starts == pytest.approx([starts[0], starts[0] + 10, starts[0] + 20], abs=0.01)

    warped(main())


def test_a_soft_state_is_retried_soon_and_only_changes_are_handed_out() -> None:
    async def main() -> None:
        night = Night(Prober(lambda _, nth: State.OK if nth < 2 or nth > 6 else State.CRITICAL))
        night.scheduler.replace([check()], {})
        await asyncio.sleep(75)
        await night.scheduler.stop()
        assert night.trace() == ["ok H1", "critical S1", "critical S2", "critical H1", "ok H1"]
        starts = night.prober.starts["ci/a"]
        gaps = [round(later - earlier) for earlier, later in itertools.pairwise(starts)]
        assert gaps[:6] == [10, 10, 3, 3, 10, 10]

    warped(main())


def test_what_does_not_change_is_summed_up_each_minute() -> None:
    async def main() -> None:
        night = Night(Prober())
        night.scheduler.replace([check()], {})
        await asyncio.sleep(61)
        (summary,) = night.summaries
        assert (summary.check, summary.state, summary.count, summary.output) == ("ci/a", 0, 6, "answer 5")
        assert summary.metrics == {"nth": (0.0, 2.5, 5.0, 6, 5.0)}
        assert summary.end - summary.start == pytest.approx(timedelta(seconds=50), abs=timedelta(seconds=0.1))
        await night.scheduler.stop()

    warped(main())


def test_thousands_are_summed_up_a_few_at_a_time_and_each_within_its_minute() -> None:
    async def main() -> None:
        night = Night(Prober(), Limits(running=10_000, per_target=10_000, starts_per_s=1e9))
        told: Counter[float] = Counter()
        by_check: dict[str, list[float]] = {}

        def tell(outcome: Outcome) -> None:
            if isinstance(outcome, Summary):
                told[warp_loop().time()] += 1
                by_check.setdefault(outcome.check, []).append(warp_loop().time())

        night.scheduler._deliver = tell
        night.scheduler.replace([check(str(n), interval_s=20.0) for n in range(1100)], {})
        await asyncio.sleep(30)
        remembered = {f"ci/{n}": Resume("ok", hard=True, attempt=1) for n in range(1100)}
        night.scheduler.replace([check(str(n), interval_s=20.0) for n in range(1200)], remembered)
        await asyncio.sleep(150)
        assert max(told.values()) <= SUMMARIES_AT_ONCE
        assert len(by_check) == 1200
        for times in by_check.values():
            assert max(after - before for before, after in itertools.pairwise([*times, 180.0])) <= 61
        await night.scheduler.stop()

    warped(main())


def test_a_change_ends_a_summary_so_that_none_spans_two_states() -> None:
    async def main() -> None:
        night = Night(Prober(lambda _, nth: State.WARNING if nth >= 2 else State.OK))
        night.scheduler.replace([check(max_attempts=1)], {})
        await asyncio.sleep(45)
        await night.scheduler.stop()
        assert [(summary.state, summary.count) for summary in night.summaries] == [(0, 2), (1, 3)]

    warped(main())


def test_a_restless_check_is_said_to_flap_and_to_have_calmed_down() -> None:
    async def main() -> None:
        night = Night(Prober(lambda _, nth: State.CRITICAL if nth < 12 and nth % 2 else State.OK))
        night.scheduler.replace([check(max_attempts=1)], {})
        await asyncio.sleep(400)
        await night.scheduler.stop()
        flaps = [change.flapping for change in night.changes]
        assert flaps[0] is False
        assert True in flaps
        assert night.changes[-1].flapping is False
        assert night.changes[-1].result.state is State.OK

    warped(main())


def test_a_run_that_outlasts_its_interval_is_not_stacked() -> None:
    async def main() -> None:
        night = Night(Prober(takes_s=25), Limits(late_s=60))
        night.scheduler.replace([check()], {})
        await asyncio.sleep(95)
        await night.scheduler.stop()
        starts = night.prober.starts["ci/a"]
        assert [round(start - starts[0]) for start in starts] == [0, 30, 60, 90]
        assert night.prober.most_running == 1

    warped(main())


def test_never_more_run_than_allowed_in_all_and_at_one_target() -> None:
    async def main() -> None:
        night = Night(Prober(takes_s=1), Limits(running=20, per_target=3, late_s=60, starts_per_s=1e6))
        night.scheduler.replace([check(str(n), params={"host": "one"}) for n in range(10)], {})
        await asyncio.sleep(0.5)
        assert (night.prober.most_running, night.scheduler.overdue) == (3, 7)
        await asyncio.sleep(5)
        assert len(night.prober.starts) == 10
        night.scheduler.replace([check(str(n), params={"host": f"host{n}"}) for n in range(100)], {})
        await asyncio.sleep(7)
        assert night.prober.most_running == 20
        assert len(night.prober.starts) == 100
        await night.scheduler.stop()

    warped(main())


def test_a_target_that_hangs_does_not_hold_up_the_others() -> None:
    async def main() -> None:
        prober = Prober(takes_s=0)
        night = Night(prober, Limits(running=10, per_target=2, starts_per_s=1e6))
        hanging = [check(f"hang{n}", params={"host": "dead"}) for n in range(50)]
        original = prober.run

        async def run(definition: Definition) -> Result:
            if definition.params["host"] == "dead":
                await asyncio.sleep(1000)
            return await original(definition)

        night.scheduler._run = run
        night.scheduler.replace([*hanging, *(check(str(n), params={"host": "alive"}) for n in range(5))], {})
        await asyncio.sleep(35)
        assert all(len(prober.starts[f"ci/{n}"]) >= 3 for n in range(5))
        await night.scheduler.stop()

    warped(main())


def test_overload_is_unknown_and_never_down() -> None:
    async def main() -> None:
        prober = Prober(lambda *_: State.OK, takes_s=1)
        night = Night(prober, Limits(running=5, per_target=5, late_s=2))
        night.scheduler.replace([check(str(n)) for n in range(200)], {})  # four times what five places can do
        await asyncio.sleep(3)
        assert night.scheduler.overdue > 0
        assert night.scheduler.lag_s > 1
        await asyncio.sleep(100)
        await night.scheduler.stop()
        late = [c.result for c in night.changes if c.result.reason == "prober_late"]
        assert late
        assert {result.state for result in late} == {State.UNKNOWN}
        assert all(result.late_s >= 2 for result in late)
        assert {c.result.state for c in night.changes} == {State.OK, State.UNKNOWN}
        shortest = min(
            later - earlier for starts in prober.starts.values() for earlier, later in itertools.pairwise(starts)
        )
        assert shortest >= 3, "what could not be run in time must not make it worse by retrying"
        assert len(prober.starts) == 200, "no check may be starved by those before it"

    warped(main())


@pytest.mark.parametrize(
    ("answer", "believed", "reason"),
    [(State.CRITICAL, State.UNKNOWN, "prober_late"), (State.OK, State.OK, None)],
)
def test_bad_news_measured_while_the_prober_stood_still_is_not_believed(
    answer: State, believed: State, reason: str | None
) -> None:
    async def main() -> None:
        prober = Prober(lambda *_: answer, takes_s=1)
        night = Night(prober)
        night.scheduler.replace([check()], {})
        await asyncio.sleep(0.5)
        warp_loop().stall(3)
        await asyncio.sleep(2)
        (change,) = night.changes
        assert (change.result.state, change.result.reason) == (believed, reason)
        await night.scheduler.stop()

    warped(main())


def test_what_stays_keeps_its_state_and_what_goes_is_gone() -> None:
    async def main() -> None:
        night = Night(Prober(lambda *_: State.CRITICAL))
        night.scheduler.replace([check("a"), check("b")], {})
        await asyncio.sleep(11)
        night.scheduler.replace([check("a", interval_s=20.0)], {})
        await asyncio.sleep(12)
        of_a = [c for c in night.changes if c.result.check == "ci/a"]
        assert [(c.hard, c.attempt) for c in of_a] == [(False, 1), (False, 2), (True, 1)]
        runs_of_b = len(night.prober.starts["ci/b"])
        await asyncio.sleep(60)
        assert len(night.prober.starts["ci/b"]) == runs_of_b
        await night.scheduler.stop()

    warped(main())


def test_a_restarted_agent_goes_on_from_what_the_hub_remembers() -> None:
    async def main() -> None:
        night = Night(Prober(lambda *_: State.CRITICAL))
        states = {"ci/a": Resume("critical", hard=False, attempt=2), "ci/b": Resume("critical", hard=True, attempt=1)}
        night.scheduler.replace([check("a"), check("b"), check("c")], states)
        await asyncio.sleep(2.5)
        assert {c.result.check: (c.hard, c.attempt) for c in night.changes} == {"ci/a": (True, 1), "ci/c": (False, 1)}
        await night.scheduler.stop()

    warped(main())


def test_a_hub_that_remembers_another_state_is_told_though_nothing_changed() -> None:
    async def main() -> None:
        night = Night(Prober())
        night.scheduler.replace([check("a"), check("b")], {})
        await asyncio.sleep(5)
        told = len(night.changes)
        in_ours, no_data = Resume("ok", hard=True, attempt=1), Resume("unknown", hard=True, attempt=1)
        night.scheduler.replace([check("a"), check("b")], {"ci/a": in_ours, "ci/b": no_data})
        await asyncio.sleep(30)
        assert [(c.result.check, c.result.state, c.changed) for c in night.changes[told:]] == [
            ("ci/b", State.OK, False)
        ]
        await night.scheduler.stop()

    warped(main())


def test_run_now_answers_with_its_number_though_nothing_changed() -> None:
    async def main() -> None:
        night = Night(Prober())
        night.scheduler.replace([check()], {})
        await asyncio.sleep(5)
        assert night.scheduler.run_now("ci/a", 42)
        await asyncio.sleep(0.01)
        assert [(c.run, c.changed) for c in night.changes] == [(None, True), (42, False)]
        assert not night.scheduler.run_now("ci/none", 43)
        await asyncio.sleep(30)
        starts = night.prober.starts["ci/a"]
        assert [round(later - earlier) for earlier, later in itertools.pairwise(starts[1:])] == [10, 10, 10]
        await night.scheduler.stop()

    warped(main())


def test_run_now_during_a_run_is_answered_by_that_run() -> None:
    async def main() -> None:
        night = Night(Prober(takes_s=2))
        night.scheduler.replace([check()], {})
        await asyncio.sleep(1)
        night.scheduler.run_now("ci/a", 1)
        await asyncio.sleep(3)
        assert [c.run for c in night.changes] == [1]
        await night.scheduler.stop()

    warped(main())


def test_a_clock_that_is_set_back_does_not_silence_a_check() -> None:
    async def main() -> None:
        night = Night(Prober(lambda _, nth: State.OK if nth == 0 else State.CRITICAL))
        original = night.prober.run

        async def run(definition: Definition) -> Result:
            result = await original(definition)
            return result if len(night.prober.starts["ci/a"]) == 1 else Result(result.check, EPOCH, result.state, "")

        night.scheduler._run = run
        night.scheduler.replace([check()], {})
        await asyncio.sleep(25)
        assert night.trace() == ["ok H1", "critical S1", "critical S2", "critical H1"]
        await night.scheduler.stop()

    warped(main())


def test_stopping_leaves_no_task_no_timer_and_no_count_behind() -> None:
    async def main() -> None:
        night = Night(Prober(takes_s=5))
        night.scheduler.replace([check("a"), check("b")], {})
        await asyncio.sleep(21)
        await night.scheduler.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert night.prober.running == 0
        assert {summary.check for summary in night.summaries} == {"ci/a", "ci/b"}
        handed_out = len(night.outcomes)
        await asyncio.sleep(300)
        assert len(night.outcomes) == handed_out

    warped(main())
