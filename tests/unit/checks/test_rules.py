"""Rules add, tune and refuse checks by what a CI is, and every check can say how it came to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from checks.definition import Threshold
from checks.rules import BadRules, Planned, Rule, Tuning, plan, verify

WEB: dict[str, Any] = {
    "id": "01web", "class": "endpoint", "key": "tcp/0.0.0.0:8080", "name": "tcp/0.0.0.0:8080",
    "attributes": {"transport": "tcp", "address": "0.0.0.0", "port": 8080, "protocol": "http", "site": "ber"},
}  # fmt: skip
VAR: dict[str, Any] = {
    "id": "01var", "class": "filesystem", "key": "/var", "name": "/var",
    "attributes": {"type": "ext4", "size_bytes": 10**11},
}  # fmt: skip


def holds(selector: str, ci: Mapping[str, Any]) -> bool:
    """A grammar that is enough here: `field=value` terms, all of which must hold."""
    fields = {**ci["attributes"], **ci}
    return all(str(fields.get(name)) == value for name, _, value in (term.partition("=") for term in selector.split()))


def planned(ci: Mapping[str, Any], *rules: Rule, **templates: Tuning) -> dict[str, Planned]:
    return plan(ci, rules, templates, holds)


def alive(checks: Mapping[str, Planned]) -> list[str]:
    return [name for name, check in checks.items() if check.definition is not None]


def test_without_rules_there_is_what_discovery_proposes() -> None:
    checks = planned(WEB)
    assert alive(checks) == ["reachable", "http"]
    assert checks["http"].steps == ("proposed for endpoint tcp/0.0.0.0:8080",)


def test_a_rule_tunes_what_it_names_and_leaves_the_rest() -> None:
    rule = Rule(
        "usage", "class=filesystem", Tuning(thresholds={"used_percent": Threshold("70", "80")}, interval_s=20.0)
    )
    check = planned(VAR, rule)["usage"]
    assert check.definition is not None
    assert check.definition.thresholds["used_percent"] == Threshold("70", "80")
    assert check.definition.thresholds["inodes_percent"] == Threshold("90", "95")
    assert check.definition.params == {"path": "/var", "mounted": True}
    assert (check.definition.interval_s, check.definition.rule) == (20.0, "usage")
    assert check.steps[-1] == "tuned by usage: thresholds used_percent, interval_s=20"


def test_a_rule_adds_a_check_with_what_the_ci_knows_put_in() -> None:
    rule = Rule(
        "health", "protocol=http", Tuning("http", {"url": "http://{address}:{port}/health"}), source="shop.toml"
    )
    check = planned(WEB, rule)["health"]
    assert check.definition is not None
    assert check.definition.id == "01web/health"
    assert check.definition.params == {"url": "http://127.0.0.1:8080/health"}
    assert check.definition.rule == "shop.toml: health"


def test_a_line_in_a_log_is_told_at_once_since_the_next_look_no_longer_sees_it() -> None:
    tuning = Tuning("log", {"path": "/var/log/syslog", "pattern": "panic"})
    once = planned(WEB, Rule("panic", "class=endpoint", tuning))["panic"].definition
    twice = planned(
        WEB, Rule("panic", "class=endpoint", tuning), Rule("panic", "class=endpoint", Tuning(max_attempts=2))
    )["panic"].definition
    assert once is not None
    assert twice is not None
    assert (once.max_attempts, twice.max_attempts) == (1, 2)


def test_a_field_alone_keeps_its_type_and_nested_ones_are_put_in_too() -> None:
    rule = Rule("x", "class=endpoint", Tuning("plugin", {"plugin": "p", "args": ["-p", "{port}"], "port": "{port}"}))
    definition = planned(WEB, rule)["x"].definition
    assert definition is not None
    assert definition.params == {"plugin": "p", "args": ["-p", 8080], "port": 8080}


def test_a_field_that_the_ci_has_not_makes_no_check_and_says_so() -> None:
    rule = Rule("x", "class=endpoint", Tuning("http", {"url": "http://{fqdn}/"}))
    check = planned(WEB, rule)["x"]
    assert check.definition is None
    assert check.steps == ("x needs fqdn, which this endpoint has not",)


def test_excluded_and_unselected_cis_are_left_alone() -> None:
    rule = Rule("reachable", "class=endpoint", Tuning(interval_s=1.0), exclude="site=ber")
    assert planned(WEB, rule) == planned(WEB)
    assert planned(VAR, Rule("x", "class=endpoint", Tuning("load"))) == planned(VAR)


def test_a_proposal_can_be_refused_and_the_refusal_is_remembered() -> None:
    checks = planned(WEB, Rule("http", "site=ber", refuse=True, source="site.toml"))
    assert alive(checks) == ["reachable"]
    assert checks["http"].steps == ("proposed for endpoint tcp/0.0.0.0:8080", "refused by site.toml: http")


def test_a_pattern_refuses_or_tunes_all_that_there_are_and_adds_none() -> None:
    assert alive(planned(WEB, Rule("*", "class=endpoint", refuse=True))) == []
    tuned = planned(WEB, Rule("*", "class=endpoint", Tuning(max_attempts=1)))
    assert [check.definition.max_attempts for check in tuned.values() if check.definition] == [1, 1]
    assert planned(WEB, Rule("nothing*", "class=endpoint", Tuning("load"))) == planned(WEB)


def test_the_later_rule_wins_also_over_a_refusal() -> None:
    rules = [
        Rule("http", "class=endpoint", refuse=True),
        Rule("http", "class=endpoint", Tuning("http", {"url": "http://x/"}, interval_s=5.0)),
        Rule("http", "class=endpoint", Tuning(interval_s=7.0)),
    ]
    check = planned(WEB, *rules)["http"]
    assert check.definition is not None
    assert check.definition.interval_s == 7.0
    assert [step.split()[0] for step in check.steps] == ["proposed", "refused", "asked", "tuned"]


def test_a_template_comes_before_its_rule() -> None:
    fast = Tuning(interval_s=5.0, retry_s=1.0)
    definition = planned(WEB, Rule("http", "class=endpoint", Tuning(retry_s=2.0), ("fast",)), fast=fast)[
        "http"
    ].definition
    assert definition is not None
    assert (definition.interval_s, definition.retry_s) == (5.0, 2.0)


def test_another_probe_takes_nothing_over_from_the_one_before() -> None:
    rule = Rule("usage", "class=filesystem", Tuning("plugin", {"plugin": "check_disk"}))
    definition = planned(VAR, rule)["usage"].definition
    assert definition is not None
    assert (definition.params, definition.thresholds) == ({"plugin": "check_disk"}, {})


def test_a_rule_without_a_type_that_finds_nothing_to_tune_says_so() -> None:
    check = planned(WEB, Rule("usage", "class=endpoint", Tuning(interval_s=5.0)))["usage"]
    assert check.definition is None
    assert "has no type, and there is no check 'usage' to tune" in check.steps[0]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([Rule("x", "a=b", templates=("nope",))], "no template 'nope'"),
        ([Rule("x", "a=b", Tuning(interval_s=1.0), refuse=True)], "only one of both"),
    ],
)
def test_rules_that_contradict_themselves_are_refused(rules: Sequence[Rule], words: str) -> None:
    with pytest.raises(BadRules, match=words):
        verify(rules, {})
