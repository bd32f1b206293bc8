"""How long the past is kept here: the rules by default, with what the configuration says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from cmdb.config import RetentionSection
from cmdb.store.retention import DAY, DEFAULT_RULES, FOR_EVER, Rule, rule_of


def retention_rules(configured: Iterable[RetentionSection], defaults: Sequence[Rule] = DEFAULT_RULES) -> list[Rule]:
    """One for each kind and class that is named anywhere, in order of name."""
    rules = {(rule.kind, rule.class_): rule for rule in defaults}
    for section in configured:
        rules[section.kind, section.class_] = _rule(section, defaults)
    return [rules[key] for key in sorted(rules)]


def _rule(section: RetentionSection, defaults: Sequence[Rule]) -> Rule:
    usual = rule_of(defaults, section.kind, section.class_)
    keep, exact = (FOR_EVER, FOR_EVER) if usual is None else (usual.keep, usual.exact)
    if section.keep_d is not None:
        keep = FOR_EVER if section.keep_d == "forever" else timedelta(days=section.keep_d)
    if section.exact_d is not None:
        exact = timedelta(days=section.exact_d)
    return Rule(section.kind, section.class_, keep=keep, exact=min(exact, keep))


def told(rule: Rule) -> str:
    """The rule in words, for people."""
    of = f"{rule.kind} of class {rule.class_}" if rule.class_ else f"{rule.kind}"
    return f"{of}: kept {_age(rule.keep)}, every version {_age(rule.exact)}"


def _age(age: timedelta) -> str:
    return "for ever" if age >= FOR_EVER else f"for {age / DAY:g} d"
