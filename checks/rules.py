"""Which checks a configuration item has: what discovery proposes, then what people's rules add, tune and refuse.

Pure: whether a selector holds for a CI is asked of a predicate that the caller brings (the hub's filter grammar).
Every definition comes with the steps that made it, for `check explain`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Optional

import msgspec

from checks.definition import Definition, Threshold
from checks.propose import endpoint_address, propose

CiBody = Mapping[str, Any]
Matches = Callable[[str, CiBody], bool]  # selector, CI: does it hold

# What these find is not found again at the next look: a second try would always say that all is well.
SAID_ONCE = frozenset({"log"})
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")


class Tuning(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a rule or a template may say of a check; what is None is left as it was.

    `params` and `thresholds` are laid over those that are there, key by key.
    """

    type: Optional[str] = None
    params: dict[str, Any] = {}
    thresholds: dict[str, Threshold] = {}
    interval_s: Optional[float] = None
    retry_s: Optional[float] = None
    timeout_s: Optional[float] = None
    max_attempts: Optional[int] = None


UNTUNED = Tuning()


class Rule(msgspec.Struct, frozen=True):
    """`name` is a check's name, or a pattern (`*`) that tunes or refuses those there are.

    It holds for the CIs that `apply` selects and `exclude` does not, or for the one thing that `target` names.
    `at_hub`: the hub's own agent runs it, wherever the CI is. `source` says where it stands.
    """

    name: str
    apply: str
    tuning: Tuning = UNTUNED
    templates: tuple[str, ...] = ()
    exclude: str = ""
    refuse: bool = False
    source: str = ""
    target: str = ""
    at_hub: bool = False

    def __str__(self) -> str:
        return f"{self.source}: {self.name}" if self.source else self.name

    @property
    def is_pattern(self) -> bool:
        return any(sign in self.name for sign in "*?[")


class Planned(msgspec.Struct, frozen=True):
    """A check as it came to be; `definition` is None where it was refused or could not be made."""

    definition: Optional[Definition]
    steps: tuple[str, ...]
    at_hub: bool = False


NOTHING = Planned(None, ())


class BadRules(ValueError):
    """Rules that contradict themselves; the message names the rule."""


def plan(
    ci: CiBody,
    rules: Sequence[Rule],
    templates: Mapping[str, Tuning],
    matches: Matches,
    base: Tuning = UNTUNED,
    *,
    proposals: bool = True,
) -> dict[str, Planned]:
    """The checks of a CI by name, each with its steps. Rules come in order; the later one wins.

    `base` is what is said of all checks: a proposal or a rule's own new check begins with it. Without `proposals`
    there are only those that rules ask for: nobody is on that host to run what is proposed.
    """
    proposed = f"proposed for {ci['class']} {ci['key']}"
    planned = {
        one.id.rpartition("/")[2]: Planned(_tuned(one, base), (proposed,)) for one in (propose(ci) if proposals else ())
    }
    for rule in rules:
        if not _holds(rule, ci, matches):
            continue
        tunings = [*(templates[name] for name in rule.templates), rule.tuning]
        for name in _names(rule, planned):
            before = planned.get(name, NOTHING)
            planned[name] = _applied(rule, before, ci, name, tunings if before.definition else [base, *tunings])
    return planned


def _holds(rule: Rule, ci: CiBody, matches: Matches) -> bool:
    if rule.target:
        return bool(ci["class"] == "external" and ci["name"] == rule.target)
    return matches(rule.apply, ci) and not (rule.exclude and matches(rule.exclude, ci))


def verify(rules: Sequence[Rule], templates: Mapping[str, Tuning]) -> None:
    """Raises `BadRules` for what can be seen without any CI."""
    for rule in rules:
        unknown = [name for name in rule.templates if name not in templates]
        if unknown:
            known = ", ".join(sorted(templates)) or "none"
            raise BadRules(f"{rule}: no template {unknown[0]!r} (there are: {known})")
        if rule.refuse and (rule.templates or rule.tuning != UNTUNED):
            raise BadRules(f"{rule}: it refuses the check and says how it is to be: only one of both")


def _names(rule: Rule, planned: Mapping[str, Planned]) -> list[str]:
    if rule.is_pattern:
        return [name for name, check in planned.items() if check.definition and fnmatch.fnmatchcase(name, rule.name)]
    return [rule.name] if rule.name in planned or not rule.refuse else []


def _applied(rule: Rule, before: Planned, ci: CiBody, name: str, tunings: Sequence[Tuning]) -> Planned:
    """The check after one rule; `tunings` are all that it is laid over with, the rule's own last."""
    if rule.refuse:
        return Planned(None, (*before.steps, f"refused by {rule}"))
    definition = before.definition or Definition(id=f"{ci['id']}/{name}", ci=ci["id"], type="")
    for tuning in tunings:
        definition = _tuned(definition, tuning)
    why = _cannot_be(definition, ci, name)
    if why:
        return Planned(None, (*before.steps, f"{rule} {why}"))
    verb, told = "tuned" if before.definition else "asked for", told_values(tunings)
    step = f"{verb} by {rule}" + (f": {told}" if told else "")
    filled = msgspec.structs.replace(definition, params=_filled(definition.params, ci), rule=str(rule))
    by_whom = ("the hub's own agent runs it",) if rule.at_hub and not before.at_hub else ()
    return Planned(filled, (*before.steps, step, *by_whom), before.at_hub or rule.at_hub)


def _cannot_be(definition: Definition, ci: CiBody, name: str) -> str:
    """Why this is no check; empty where it is one."""
    if not definition.type:
        return f"has no type, and there is no check {name!r} to tune"
    missing = sorted(set(_missing(definition.params, ci)))
    return f"needs {', '.join(missing)}, which this {ci['class']} has not" if missing else ""


def _tuned(before: Definition, tuning: Tuning) -> Definition:
    # Another probe has other parameters and metrics: nothing of the old ones fits it.
    other = bool(before.type) and tuning.type not in {None, before.type}
    return msgspec.structs.replace(
        before,
        type=tuning.type or before.type,
        params=tuning.params if other else {**before.params, **tuning.params},
        thresholds=tuning.thresholds if other else {**before.thresholds, **tuning.thresholds},
        interval_s=before.interval_s if tuning.interval_s is None else tuning.interval_s,
        retry_s=before.retry_s if tuning.retry_s is None else tuning.retry_s,
        timeout_s=before.timeout_s if tuning.timeout_s is None else tuning.timeout_s,
        max_attempts=_attempts(before, tuning),
    )


def _attempts(before: Definition, tuning: Tuning) -> int:
    if tuning.max_attempts is not None:
        return tuning.max_attempts
    return 1 if tuning.type in SAID_ONCE and tuning.type != before.type else before.max_attempts


def told_values(tunings: Sequence[Tuning]) -> str:
    """What these say, in their own words: `interval_s=10, thresholds used_percent`."""
    said: list[str] = []
    for tuning in tunings:
        for field, value in msgspec.structs.asdict(tuning).items():
            if isinstance(value, dict):
                said += [f"{field} {', '.join(value)}"] if value else []
            elif value is not None:
                said.append(f"{field}={value:g}" if isinstance(value, float) else f"{field}={value}")
    return ", ".join(said)


# Placeholders


def _filled(value: Any, ci: CiBody) -> Any:
    """The value with `{field}` put in from the CI; alone in a text, a field keeps its own type."""
    if isinstance(value, dict):
        return {key: _filled(inner, ci) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_filled(inner, ci) for inner in value]
    if not isinstance(value, str):
        return value
    whole = _PLACEHOLDER.fullmatch(value)
    if whole:
        return field_of(ci, whole[1])
    return _PLACEHOLDER.sub(lambda match: str(field_of(ci, match[1])), value)


def has_placeholder(value: Any) -> bool:
    """Whether anything in these parameters waits for a CI."""
    if isinstance(value, dict):
        return any(map(has_placeholder, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(has_placeholder, value))
    return isinstance(value, str) and bool(_PLACEHOLDER.search(value))


def _missing(value: Any, ci: CiBody) -> list[str]:
    if isinstance(value, dict):
        return [name for inner in value.values() for name in _missing(inner, ci)]
    if isinstance(value, (list, tuple)):
        return [name for inner in value for name in _missing(inner, ci)]
    names = _PLACEHOLDER.findall(value) if isinstance(value, str) else []
    return [name for name in names if field_of(ci, name) is None]


def field_of(ci: CiBody, name: str) -> Any:
    """A field of the CI by its dotted name: its own, what a person set, an attribute, a metric; None where it has none.

    An endpoint's `address` and `port` are those at which its host's agent reaches it: no wildcard.
    """
    if ci.get("class") == "endpoint" and name in {"address", "port"}:
        place = endpoint_address(ci)
        return None if place is None else place[name == "port"]
    for holder in (ci, ci.get("overrides") or {}, ci.get("attributes") or {}, ci.get("metrics") or {}):
        found: Any = holder
        for step in name.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is not None:
            return found
    return None
