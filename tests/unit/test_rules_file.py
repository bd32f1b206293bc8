"""Check rules as people write them in services.d, held against the hub's own filter grammar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checks.definition import Threshold
from checks.rules import plan
from cmdb.rules_file import CheckRules, matching
from cmdb.services_file import load_services
from cmdb.toml_file import TomlError

RULES = """\
[[check]]
name = "usage"
apply = "class=filesystem mount=/var"
thresholds.used_percent = { warn = 80, crit = "90" }

[[check]]
name = "health"
apply = "class=endpoint protocol=http"
exclude = "port=9090"
type = "http"
params = { url = "http://{address}:{port}/health" }
templates = ["often"]
timeout = 3

[[check]]
name = "swap"
apply = "class=host"
refuse = true

[[template]]
name = "often"
interval = "5s"
"""


def read(folder: Path, text: str = RULES, name: str = "checks.toml") -> CheckRules:
    (folder / name).write_text(text)
    return load_services(folder).checks


def ci(class_: str, key: str, **attributes: Any) -> dict[str, Any]:
    return {"id": "01", "class": class_, "key": key, "name": key, "attributes": attributes}


def planned(rules: CheckRules, body: dict[str, Any]) -> dict[str, Any]:
    checks = plan(body, rules.rules, rules.templates, matching())
    return {name: check.definition for name, check in checks.items() if check.definition is not None}


def test_rules_hold_for_what_they_select(tmp_path: Path) -> None:
    rules = read(tmp_path)
    var = planned(rules, ci("filesystem", "/var"))["usage"]
    srv = planned(rules, ci("filesystem", "/srv"))["usage"]
    assert var.thresholds["used_percent"] == Threshold("80", "90")
    assert srv.thresholds["used_percent"] == Threshold("90", "95")
    assert var.rule == "checks.toml: usage"


def test_a_new_host_gets_its_checks_with_no_edit(tmp_path: Path) -> None:
    rules = read(tmp_path)
    health = planned(rules, ci("endpoint", "tcp/0.0.0.0:8080", protocol="http"))["health"]
    assert (health.params["url"], health.interval_s, health.timeout_s) == ("http://127.0.0.1:8080/health", 5.0, 3.0)
    assert "health" not in planned(rules, ci("endpoint", "tcp/0.0.0.0:9090", protocol="http", port=9090))
    assert "swap" not in planned(rules, ci("host", "host"))


def test_a_refusal_holds_only_where_it_applies(tmp_path: Path) -> None:
    rules = read(tmp_path, RULES.replace("class=host", "class=host site=ber"))
    assert "swap" in planned(rules, ci("host", "host", site="mad"))
    assert "swap" not in planned(rules, ci("host", "host", site="ber"))


def test_rules_and_services_stand_in_one_file(tmp_path: Path) -> None:
    read(tmp_path, RULES + '\n[[service]]\nname = "shop"\n')
    assert [service.name for service in load_services(tmp_path).services] == ["shop"]


@pytest.mark.parametrize(
    ("line", "written", "place", "why"),
    [
        ('apply = "class=host"', 'apply = "=host"', "checks.toml:17: check[2].apply", "is no filter"),
        ('apply = "class=host"', 'apply = ""', "checks.toml:17: check[2].apply", "selects everything"),
        ('exclude = "port=9090"', 'exclude = "=9090"', "checks.toml:9: check[1].exclude", "is no filter"),
        ('type = "http"', 'type = "htpp"', "checks.toml:10: check[1].type", "no probe 'htpp'"),
        ('crit = "90"', 'crit = "90:80"', "checks.toml:4: check[0].thresholds.used_percent.crit", "start is above"),
        ('interval = "5s"', 'interval = "soon"', "checks.toml:22: template[0].interval", "not a length of time"),
        ("timeout = 3", "timeot = 3", "checks.toml:13: check[1].timeot", "not a known key"),
        ("refuse = true", 'refuse = true\nretry = "1s"', "checks.toml: check", "only one of both"),
        ('["often"]', '["seldom"]', "checks.toml: check", "no template 'seldom'"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_and_key(
    tmp_path: Path, line: str, written: str, place: str, why: str
) -> None:
    with pytest.raises(TomlError, match=why) as raised:
        read(tmp_path, RULES.replace(line, written))
    assert raised.value.what.endswith(place)


def test_parameters_that_a_probe_does_not_take_are_refused_where_they_stand(tmp_path: Path) -> None:
    text = '[[check]]\nname = "x"\napply = "class=host"\ntype = "tcp"\nparams = { hots = "a", port = 1 }\n'
    with pytest.raises(TomlError, match=r"missing required field host|unknown field hots") as raised:
        read(tmp_path, text)
    assert raised.value.what.endswith("checks.toml:5: check[0].params")


def test_a_template_has_one_home(tmp_path: Path) -> None:
    read(tmp_path)
    with pytest.raises(TomlError, match="another file has a template of this name"):
        read(tmp_path, '[[template]]\nname = "often"\n', "more.toml")
