"""How long the past is kept: the defaults, and what the configuration says otherwise."""

from __future__ import annotations

from datetime import timedelta

from cmdb.config import RetentionSection
from cmdb.hub.retention_rules import retention_rules, told
from cmdb.model.kind import Kind
from cmdb.store.retention import DAY, DEFAULT_RULES, FOR_EVER, Rule, rule_of


def rule(kind: Kind, class_: str = "", *sections: RetentionSection) -> Rule | None:
    return rule_of(retention_rules(sections), kind, class_)


def test_without_a_word_the_defaults_hold() -> None:
    assert set(map(told, retention_rules(()))) == set(map(told, DEFAULT_RULES))
    assert rule(Kind.USER) is None


def test_a_configured_rule_takes_the_place_of_its_kinds_and_leaves_the_classes_alone() -> None:
    short = RetentionSection(kind=Kind.CI, keep_d=90.0)
    assert rule(Kind.CI, "host", short) == Rule(Kind.CI, keep=90 * DAY, exact=30 * DAY)
    assert rule(Kind.CI, "package", short) == rule(Kind.CI, "package")


def test_a_class_can_have_its_own() -> None:
    host = RetentionSection(kind=Kind.CI, class_="host", keep_d="forever", exact_d=365.0)
    assert rule(Kind.CI, "host", host) == Rule(Kind.CI, "host", keep=FOR_EVER, exact=365 * DAY)
    assert rule(Kind.CI, "disk", host) == rule(Kind.CI)


def test_what_is_kept_short_is_not_exact_for_longer() -> None:
    short = rule(Kind.CI, "", RetentionSection(kind=Kind.CI, keep_d=0.5))
    assert short is not None
    assert short.exact == timedelta(hours=12)


def test_a_kind_that_is_kept_for_ever_can_be_kept_shorter() -> None:
    users = rule(Kind.USER, "", RetentionSection(kind=Kind.USER, keep_d=30.0))
    assert users is not None
    assert told(users) == "user: kept for 30 d, every version for 30 d"
