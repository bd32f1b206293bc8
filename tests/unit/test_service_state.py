from __future__ import annotations

import pytest

from cmdb.model.service import Component
from cmdb.practices.service_state import CheckState, Judged, ServiceState, ci_state, component_state, service_state

UP, DEGRADED, DOWN = ServiceState.UP, ServiceState.DEGRADED, ServiceState.DOWN
UNKNOWN, MAINTENANCE = ServiceState.UNKNOWN, ServiceState.MAINTENANCE


def component(rule: str, effect: str = "down") -> Component:
    return Component(name="web", select="class=endpoint", rule=rule, effect=effect)


def judged(rule: str, *states: ServiceState | None) -> ServiceState:
    return component_state(component(rule), [(f"ci-{n}", state) for n, state in enumerate(states)]).state


def test_a_ci_is_as_well_as_its_worst_hard_check() -> None:
    assert ci_state([CheckState("ok"), CheckState("warning")]) is DEGRADED
    assert ci_state([CheckState("critical"), CheckState("unknown")]) is DOWN
    assert ci_state([CheckState("ok"), CheckState("unknown")]) is UNKNOWN


def test_a_soft_state_is_not_believed_yet() -> None:
    assert ci_state([CheckState("critical", hard=False)]) is UP


def test_a_ci_that_was_never_checked_has_no_state() -> None:
    assert ci_state([]) is None
    assert ci_state([CheckState("pending")]) is None


@pytest.mark.parametrize(
    ("rule", "states", "expected"),
    [
        ("worst", (UP, DOWN, DEGRADED), DOWN),
        ("worst", (UP, UNKNOWN), UNKNOWN),
        ("worst", (UP, None), UP),
        ("best", (DOWN, DOWN, UP), UP),
        ("best", (DOWN, UNKNOWN), UNKNOWN),
        ("2", (UP, UP, UP), UP),
        ("2", (UP, UP, DOWN), DEGRADED),
        ("2", (UP, DOWN, DOWN), DOWN),
        ("2", (UP, UNKNOWN, DOWN), UNKNOWN),
        ("2", (UP, MAINTENANCE, DOWN), MAINTENANCE),
        ("3", (UP, UP), UP),
    ],
)
def test_a_component_is_judged_by_its_rule(
    rule: str, states: tuple[ServiceState | None, ...], expected: ServiceState
) -> None:
    assert judged(rule, *states) is expected


def test_a_component_without_anything_to_judge_is_unknown_and_says_so() -> None:
    assert component_state(component("worst"), []) == Judged(UNKNOWN, ("web: nothing selected",))
    assert component_state(component("best"), [("a", None)]).reasons == ("web: none of 1 has been checked",)


def test_a_component_may_only_degrade_its_service() -> None:
    found = component_state(component("worst", effect="degraded"), [("/var", DOWN), ("/", UP)])
    assert found == Judged(DEGRADED, ("web: /var down",))


def test_a_service_names_what_made_its_state_worst_first() -> None:
    parts = [Judged(DEGRADED, ("disk: /var degraded",)), Judged(UP), Judged(DOWN, ("web: a down",))]
    assert service_state("worst", parts) == Judged(DOWN, ("web: a down", "disk: /var degraded"))


def test_a_service_without_components_is_unknown() -> None:
    assert service_state("worst", []).state is UNKNOWN
