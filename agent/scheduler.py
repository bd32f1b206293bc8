"""When each check of this host runs: one heap on the monotonic clock, and bounds on what runs at once.

A task lives only as long as its run. A late check is skipped, not stacked, and what could only be measured late or
through a stalled event loop is unknown (prober late), never down. What results mean is `checks.state`.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import random
from collections import Counter, deque
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Any, Callable, Optional, Union

import msgspec

from agent.lag import LoopLag
from agent.scheduled import Entry, agree, disbelieved, resumed
from agent.tally import Tally
from agent.wire import CheckResult, Resume, Summary
from checks.cancelled import cancelled
from checks.definition import Definition, Threshold, slim
from checks.now import utc_now
from checks.result import Result, State
from checks.run import run as run_check
from checks.state import advance, is_steady

SUMMARY_EVERY_S = 60.0
SUMMARIES_AT_ONCE = 500
TOGETHER_S = 0.002  # turns of the event loop for one check each would cost more than the checks

Outcome = Union[CheckResult, Summary]
Runner = Callable[[Definition], Awaitable[Result]]


class Limits(msgspec.Struct, frozen=True):
    """`late_s`: a check that could only begin later than this after its time is not run but unknown.

    `stall_s`: a bad result is not believed when the event loop stood still for longer than this during its run.
    `starts_per_s` spreads the first runs of new checks, over their interval at the most.
    """

    running: int = 200
    per_target: int = 10
    late_s: float = 5.0
    stall_s: float = 0.5
    starts_per_s: float = 50.0


DEFAULT_LIMITS = Limits()


class Scheduler:
    """Runs checks and hands `deliver` a `CheckResult` at each change and a `Summary` a minute for the rest."""

    def __init__(
        self,
        deliver: Callable[[Outcome], None],
        *,
        run: Runner = run_check,
        limits: Limits = DEFAULT_LIMITS,
        now: Callable[[], datetime] = utc_now,
        chance: Optional[random.Random] = None,
    ) -> None:
        self._deliver = deliver
        self._run = run
        self._limits = limits
        self._now = now
        self._chance = chance or random.Random()
        self._loop = asyncio.get_running_loop()
        self._entries: dict[str, Entry] = {}
        self._heap: list[tuple[float, int, Entry]] = []
        self._order = itertools.count()  # two entries due at once are never compared
        self._urgent: deque[Entry] = deque()  # asked for, soft or left out: wanted before the rest
        self._ready: deque[Entry] = deque()
        self._blocked: dict[str, deque[Entry]] = {}  # by target, those that wait for a place there
        self._busy: Counter[str] = Counter()
        self._tasks: dict[Entry, asyncio.Task[None]] = {}
        self._timer: Optional[asyncio.TimerHandle] = None
        self._woken = -math.inf
        self._lag = LoopLag(self._loop)
        self._stopped = False
        self._turns: deque[Entry] = deque()  # whose summary is the next
        self._summary: Optional[asyncio.TimerHandle] = None
        self._set_summary_timer()

    def replace(self, definitions: Sequence[Definition], states: Mapping[str, Resume]) -> None:
        """From now on run these and no others; what stays keeps its state, what is new resumes from `states`.

        Where the hub remembers another state than ours, the next result is handed out though nothing changed.
        """
        shared: dict[tuple[Any, ...], dict[str, Threshold]] = {}
        wanted = {definition.id: slim(definition, shared) for definition in definitions}
        for check_id in [check_id for check_id in self._entries if check_id not in wanted]:
            self._remove(self._entries.pop(check_id))
        added = [check_id for check_id in wanted if check_id not in self._entries]
        for check_id, definition in wanted.items():
            entry = self._entries.get(check_id)
            if entry is None:
                self._add(definition, states.get(check_id), spread_s=len(added) / self._limits.starts_per_s)
            elif entry.definition != definition:
                self._change(entry, definition)
            else:
                entry.untold = not agree(entry.state, states.get(check_id))
        self._set_summary_timer()
        self._wake()

    def run_now(self, check_id: str, run: int) -> bool:
        """Run it out of turn and deliver its result with this `run`; False when there is no such check."""
        entry = self._entries.get(check_id)
        if entry is None:
            return False
        entry.run = run
        if not entry.running:
            entry.due = self._loop.time()
            self._urgent.append(entry)
            self._wake()
        return True

    @property
    def lag_s(self) -> float:
        """How late this scheduler runs: its event loop, or the check that has waited longest."""
        now = self._loop.time()
        waiting = [queue[0].due for queue in (self._urgent, self._ready, *self._blocked.values()) if queue]
        return max(self._lag.lag_s, now - min(waiting, default=now))

    @property
    def overdue(self) -> int:
        """How many checks are past their time and wait for a place."""
        self._collect(self._loop.time())
        return len(self._urgent) + len(self._ready) + sum(map(len, self._blocked.values()))

    async def stop(self) -> None:
        """Cancel what runs, hand out what was counted, leave no timer, task or socket behind."""
        self._stopped = True
        self._lag.stop()
        for timer in (self._summary, self._timer):
            if timer is not None:
                timer.cancel()
        await cancelled(self._tasks.values())
        self._flush()

    # Entries

    def _add(self, definition: Definition, resume: Optional[Resume], spread_s: float) -> None:
        jitter_s = self._chance.random() * min(definition.interval_s, spread_s)
        self._begin(Entry(definition, resumed(resume), self._loop.time() + jitter_s))

    def _change(self, entry: Entry, definition: Definition) -> None:
        """The same check asked for in another way: a new entry with the old state, due at once."""
        self._remove(entry)
        self._begin(Entry(definition, entry.state, self._loop.time()))
        if entry.run is not None:
            self.run_now(definition.id, entry.run)

    def _begin(self, entry: Entry) -> None:
        self._entries[entry.definition.id] = entry
        self._turns.append(entry)
        self._push(entry)

    def _remove(self, entry: Entry) -> None:
        entry.gone = True
        self._hand_out(entry)

    def _push(self, entry: Entry) -> None:
        heapq.heappush(self._heap, (entry.due, next(self._order), entry))

    # Starting

    def _wake(self) -> None:
        """Start what is due and has a place, and set the timer for what comes next."""
        if self._stopped:
            return
        now = self._loop.time()
        self._collect(now)
        while len(self._tasks) < self._limits.running and (self._urgent or self._ready):
            self._admit((self._urgent or self._ready).popleft(), now)
        self._set_timer()

    def _set_timer(self) -> None:
        """Wake when the next is due, those of one moment together; a timer that is set for then or sooner stays."""
        if not self._heap:
            return
        due = max(self._heap[0][0], self._woken + TOGETHER_S)
        if self._timer is not None:
            if self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._woken = self._loop.time()
        self._wake()

    def _collect(self, now: float) -> None:
        """Move what is due from the heap to the queues."""
        while self._heap and self._heap[0][0] <= now:
            due, _, entry = heapq.heappop(self._heap)
            if not entry.gone and not entry.running and due == entry.due:
                urgent = entry.left_out or not entry.state.hard
                (self._urgent if urgent else self._ready).append(entry)

    def _admit(self, entry: Entry, now: float) -> None:
        if entry.gone or entry.running or entry.due > now:
            return  # it went, or it ran since it was put into its queue
        if self._busy[entry.target] >= self._limits.per_target:
            self._blocked.setdefault(entry.target, deque()).append(entry)
            return
        entry.running = True
        late_s = now - entry.due
        entry.left_out = late_s > self._limits.late_s and entry.run is None
        if entry.left_out:
            self._finish(entry, self._not_run(entry, late_s))
            return
        self._busy[entry.target] += 1
        self._tasks[entry] = self._loop.create_task(self._run_entry(entry, now))

    async def _run_entry(self, entry: Entry, began: float) -> None:
        try:
            self._judge(entry, began, await self._run(entry.definition))
        finally:
            self._end(entry)

    def _judge(self, entry: Entry, began: float, result: Result) -> None:
        late_s = max(0.0, began - entry.due)
        stalled_s = self._lag.stall_since(began)
        if result.state is not State.OK and stalled_s > min(self._limits.stall_s, entry.definition.timeout_s / 4):
            result = disbelieved(result, stalled_s)
        if late_s >= 0.001:
            result = msgspec.structs.replace(result, late_s=round(late_s, 3))
        self._finish(entry, result)

    def _end(self, entry: Entry) -> None:
        """Give its place to who waits for one. A callback of the task would cost another turn of the loop."""
        del self._tasks[entry]
        self._busy[entry.target] -= 1
        if not self._busy[entry.target]:
            del self._busy[entry.target]
        if self._stopped:
            return
        if entry.target in self._blocked:
            self._release(entry.target)
        if self._urgent or self._ready:
            self._wake()
        else:
            self._set_timer()

    def _release(self, target: str) -> None:
        """Start those that waited for a place at this target."""
        waiting = self._blocked.pop(target, deque())
        while waiting and self._busy[target] < self._limits.per_target and len(self._tasks) < self._limits.running:
            self._admit(waiting.popleft(), self._loop.time())
        if waiting:
            self._blocked[target] = waiting

    # Finishing

    def _finish(self, entry: Entry, result: Result) -> None:
        entry.running = False
        run, entry.run = entry.run, None
        if entry.gone:
            return
        if run is not None or entry.untold or not is_steady(entry.state, result.state):
            self._advance(entry, result, run)
        entry.tally = entry.tally or Tally(result)
        entry.tally.add(result)
        entry.due = self._next_due(entry, result)
        self._push(entry)

    def _advance(self, entry: Entry, result: Result, run: Optional[int]) -> None:
        # Results come in order here: an earlier time means that the clock was set back.
        before = msgspec.structs.replace(entry.state, last_at=None)
        step = advance(before, result.state, result.at, entry.definition.max_attempts)
        entry.state = after = step.after
        changed = step.changed or after.flapping != before.flapping
        if changed or run is not None or entry.untold:
            entry.untold = False
            self._hand_out(entry)
            self._deliver(CheckResult(result, after.hard, after.attempt, changed, run, after.flapping))

    def _next_due(self, entry: Entry, result: Result) -> float:
        """The next time on this check's own beat that is not past; soon while soft."""
        now = self._loop.time()
        definition = entry.definition
        if result.reason == "prober_late":
            # Moved off its beat, so that those at the end of a crowded moment are not always the ones left out.
            return now + definition.interval_s * self._chance.uniform(0.5, 1.5)
        if not entry.state.hard:
            return now + definition.retry_s
        missed = max(0.0, now - entry.due) // definition.interval_s
        return entry.due + (missed + 1) * definition.interval_s

    def _not_run(self, entry: Entry, late_s: float) -> Result:
        output = f"not run: this prober was {late_s:.1f} s late, its limit is {self._limits.late_s:g} s"
        return Result(
            entry.definition.id, self._now(), State.UNKNOWN, output, late_s=round(late_s, 3), reason="prober_late"
        )

    # Summaries

    def _on_summary(self) -> None:
        """Each entry once a minute, not too many at a time: checks that are due must not wait for all of them."""
        for _ in range(min(len(self._turns), SUMMARIES_AT_ONCE)):
            entry = self._turns.popleft()
            if not entry.gone:
                self._hand_out(entry)
                self._turns.append(entry)
        self._summary = None
        self._set_summary_timer()

    def _set_summary_timer(self) -> None:
        """So that all have had their turn within a minute; a timer that is set for sooner stays."""
        slices = max(1, math.ceil(len(self._turns) / SUMMARIES_AT_ONCE))
        due = self._loop.time() + SUMMARY_EVERY_S / slices
        if self._summary is not None:
            if self._summary.when() <= due:
                return
            self._summary.cancel()
        self._summary = self._loop.call_at(due, self._on_summary)

    def _flush(self) -> None:
        for entry in self._entries.values():
            self._hand_out(entry)

    def _hand_out(self, entry: Entry) -> None:
        tally, entry.tally = entry.tally, None
        if tally is not None:
            self._deliver(tally.summary())
