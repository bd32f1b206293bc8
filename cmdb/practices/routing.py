"""Which route an incident takes: a tree walked from the root, deepest match first to be found, as Alertmanager does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cmdb.practices.matcher import Labels, Matcher, all_match


@dataclass(frozen=True)
class Route:
    """What is None is the parent's. `group_by` names labels; ("...",) groups nothing with anything.

    A sibling after a match is looked at only where `goes_on` says so.
    """

    name: str = ""
    matchers: tuple[Matcher, ...] = ()
    policy: str | None = None
    group_by: tuple[str, ...] | None = None
    group_wait_s: float | None = None
    group_interval_s: float | None = None
    repeat_interval_s: float | None = None
    goes_on: bool = False
    routes: tuple[Route, ...] = ()


ROOT = Route(policy="default", group_by=(), group_wait_s=30.0, group_interval_s=300.0, repeat_interval_s=4 * 3600.0)


def routes_of(root: Route, labels: Labels) -> list[Route]:
    """The routes that take an incident with these labels, whole: with what they have from their parents."""
    return list(_taken(root, labels, ROOT, ""))


def route_named(root: Route, name: str) -> Route | None:
    """The route of the tree that has this name, whole; None where there is none any more."""
    return next((route for route in _all(root, ROOT, "") if route.name == name), None)


def group_key(route: Route, labels: Labels, number: int) -> str:
    """What incidents share that are told together."""
    names = route.group_by or ()
    if names == ("...",):
        return f"{route.name}/INC-{number}"
    return f"{route.name}/" + ",".join(f"{name}={labels.get(name, '')}" for name in names)


def _taken(route: Route, labels: Labels, parent: Route, path: str) -> Iterator[Route]:
    if not all_match(route.matchers, labels):
        return
    whole = _inherited(route, parent, path)
    found = False
    for number, child in enumerate(route.routes):
        taken = list(_taken(child, labels, whole, f"{whole.name}/{number}"))
        yield from taken
        found = found or bool(taken)
        if taken and not child.goes_on:
            break
    if not found:
        yield whole


def _all(route: Route, parent: Route, path: str) -> Iterator[Route]:
    whole = _inherited(route, parent, path)
    yield whole
    for number, child in enumerate(route.routes):
        yield from _all(child, whole, f"{whole.name}/{number}")


def _inherited(route: Route, parent: Route, path: str) -> Route:
    names = ("policy", "group_by", "group_wait_s", "group_interval_s", "repeat_interval_s")
    own = {name: getattr(route, name) for name in names}
    given = {name: getattr(parent, name) if value is None else value for name, value in own.items()}
    return replace(route, name=route.name or path or "root", **given)
