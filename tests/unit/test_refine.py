from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from cmdb.model.service import Interval
from cmdb.practices.refine import LATE, Evidence, Past, refined
from cmdb.practices.service_state import CheckState, Judged, ServiceState
from tests.unit.service_level_examples import interval, utc

CUT = interval("unknown", utc("2026-11-20 10:00"), utc("2026-11-20 12:00"))
OF = {"ok": ServiceState.UP, "critical": ServiceState.DOWN, "unknown": ServiceState.UNKNOWN}


def judge(states: Mapping[str, CheckState]) -> Judged:
    """The service is its only check."""
    [state] = states.values()
    return Judged(OF[state.state], (f"web is {state.state}",))


def found(start: str, end: str, state: str) -> Evidence:
    at = [utc(f"2026-11-20 {moment}") for moment in (start, end)]
    return Evidence(start=at[0], end=at[1], state=CheckState(state), fresh=timedelta(minutes=5))


def pieces(*evidence: Evidence) -> list[tuple[str, str, str]]:
    found = refined(CUT, {"web/tcp": Past(evidence)}, judge)
    return [(one.state, f"{one.start:%H:%M}", f"{one.end:%H:%M}") for one in found if one.end]


def test_time_that_was_unknown_is_what_late_results_say() -> None:
    assert pieces(
        found("09:50", "10:59", "ok"), found("11:00", "11:30", "critical"), found("11:30", "12:10", "ok")
    ) == [
        ("up", "10:00", "11:00"),
        ("down", "11:00", "11:30"),
        ("up", "11:30", "12:00"),
    ]


def test_what_nobody_looked_at_stays_unknown() -> None:
    assert pieces(found("10:10", "10:30", "ok")) == [
        ("unknown", "10:00", "10:10"),
        ("up", "10:10", "10:35"),
        ("unknown", "10:35", "12:00"),
    ]
    assert pieces() == []
    assert pieces(found("12:30", "13:00", "ok")) == []


def test_the_first_piece_takes_the_place_of_what_it_refines_and_says_why() -> None:
    first, second = _refined(found("09:50", "10:59", "ok"), found("11:00", "12:10", "critical"))
    assert (first.id, second.id) == (CUT.id, "shop@2026-11-20T11:00:00.000000Z")
    assert second.source == f"web is critical; {LATE}"


def _refined(*evidence: Evidence) -> list[Interval]:
    return refined(CUT, {"web/tcp": Past(evidence)}, judge)
