"""The state of a service, from its components, their CIs and the checks of those. Not how long it lasted.

Only hard check states count: a soft one is not believed yet. `degraded` is up for availability.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence

import msgspec

from cmdb.model.service import Component


class ServiceState(enum.StrEnum):
    """The states of a service, a component and a configuration item, as intervals record them."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"


# Worst last. What is not known is worse than up: it must never count as it.
_RANK = {
    ServiceState.UP: 0,
    ServiceState.MAINTENANCE: 1,
    ServiceState.UNKNOWN: 2,
    ServiceState.DEGRADED: 3,
    ServiceState.DOWN: 4,
}
_OF_CHECK = {
    "ok": ServiceState.UP,
    "warning": ServiceState.DEGRADED,
    "critical": ServiceState.DOWN,
    "unknown": ServiceState.UNKNOWN,
}


class CheckState(msgspec.Struct, frozen=True):
    """What a check says of its CI: ok | warning | critical | unknown | pending."""

    state: str
    hard: bool = True


class Judged(msgspec.Struct, frozen=True):
    """A state and what made it so, worst first."""

    state: ServiceState
    reasons: tuple[str, ...] = ()


def ci_state(checks: Iterable[CheckState]) -> ServiceState | None:
    """The worst hard state of its checks; None when no check has run: then it says nothing about a service."""
    return worst(
        _OF_CHECK[check.state] if check.hard else ServiceState.UP for check in checks if check.state in _OF_CHECK
    )


def worst(states: Iterable[ServiceState]) -> ServiceState | None:
    """The worst of these; None of none."""
    return max(states, key=_RANK.__getitem__, default=None)


def best(states: Iterable[ServiceState]) -> ServiceState | None:
    """The best of these; None of none."""
    return min(states, key=_RANK.__getitem__, default=None)


def component_state(component: Component, members: Sequence[tuple[str, ServiceState | None]]) -> Judged:
    """The state of a component whose CIs, by name, are in these states. CIs without a state have no say."""
    states = [state for _, state in members if state is not None]
    if not states:
        return Judged(ServiceState.UNKNOWN, (f"{component.name}: {_nothing(len(members))}",))
    state = _by_rule(component.rule, states)
    if state is ServiceState.DOWN and component.effect == "degraded":
        state = ServiceState.DEGRADED
    if state is ServiceState.UP:
        return Judged(state)
    guilty = sorted((m for m in members if m[1] is not None and _RANK[m[1]] > 0), key=lambda m: -_RANK[m[1] or state])
    return Judged(state, tuple(f"{component.name}: {name} {found}" for name, found in guilty))


def service_state(rule: str, components: Sequence[Judged]) -> Judged:
    """The state of a service of which these are the components; without any it is unknown."""
    if not components:
        return Judged(ServiceState.UNKNOWN, ("it has no component",))
    state = _by_rule(rule, [component.state for component in components])
    ordered = sorted(components, key=lambda component: -_RANK[component.state])
    return Judged(state, tuple(reason for component in ordered for reason in component.reasons))


def rule_error(rule: str) -> str | None:
    """What is wrong with a rule's text, or None."""
    if rule in {"worst", "best"} or (rule.isdigit() and int(rule) > 0):
        return None
    return f"{rule!r} is not a rule; use worst, best, or how many must be up (2)"


def _by_rule(rule: str, states: Sequence[ServiceState]) -> ServiceState:
    if rule == "worst":
        return worst(states) or ServiceState.UNKNOWN
    if rule == "best":
        return best(states) or ServiceState.UNKNOWN
    return _at_least(int(rule), states)


def _at_least(needed: int, states: Sequence[ServiceState]) -> ServiceState:
    """With enough up it is up, degraded once one is lost; those not known may be what is missing."""
    needed = min(needed, len(states))
    there = sum(state in {ServiceState.UP, ServiceState.DEGRADED} for state in states)
    hidden = sum(state in {ServiceState.UNKNOWN, ServiceState.MAINTENANCE} for state in states)
    if there >= needed:
        return ServiceState.UP if all(state is ServiceState.UP for state in states) else ServiceState.DEGRADED
    if there + hidden >= needed:
        return ServiceState.MAINTENANCE if ServiceState.UNKNOWN not in states else ServiceState.UNKNOWN
    return ServiceState.DOWN


def _nothing(count: int) -> str:
    return "nothing selected" if count == 0 else f"none of {count} has been checked"
