"""Other tools' checks become rules that our own reader takes, and what has no counterpart is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks.definition import Definition
from checks.probes import load
from checks.rules import plan
from cmdb.check_import import blackbox, gatus, nagios
from cmdb.check_import.imported import CannotImport, Imported, to_toml
from cmdb.rules_file import CheckRules, matching
from cmdb.services_file import load_services

NAGIOS = r"""
define host {
    name                    linux-server
    max_check_attempts      10
    register                0
}
define host{
    use         linux-server
    host_name   web1                ; the first one
    alias       Web One
    address     192.0.2.1
    hostgroups  webservers
    _RACK       7
}
define host {
    host_name   db1
    address     192.0.2.2
}
define hostgroup {
    hostgroup_name  webservers
    members         web1
}
define service {
    name                    generic
    check_interval          5
    retry_interval          1
    max_check_attempts      4
    contact_groups          admins
    register                0
}
define service {
    use                     generic
    hostgroup_name          webservers
    service_description     HTTP on 8080
    check_command           check_http!-p 8080 -u "/a b"!5
}
define service {
    use                     generic
    host_name               *,!web1
    service_description     PING
    check_command           check_ping!100.0,20%!500.0,60%
}
define service {
    host_name               web1
    service_description     Rack
    check_command           check_rack
}
define service {
    host_name               web1
    service_description     Lost
    check_command           check_lost!x
}
define command {
    command_name    check_http
    command_line    $USER1$/check_http -I $HOSTADDRESS$ $ARG1$ \
                    -w $ARG2$
}
define command {
    command_name    check_ping
    command_line    $USER1$/check_ping -H $HOSTADDRESS$ -w $ARG1$ -c $ARG2$
}
define command {
    command_name    check_rack
    command_line    $USER1$/check_rack $_HOSTRACK$ $TIMET$
}
define timeperiod {
    timeperiod_name 24x7
}
"""

BLACKBOX = """
modules:
  http_2xx:
    prober: http
    timeout: 5s
    http:
      valid_status_codes: [200, 301]
      method: POST
      headers: {Host: vhost.example}
      preferred_ip_protocol: ip4
      fail_if_body_matches_regexp: ["Could not connect"]
      fail_if_body_not_matches_regexp: ["Welcome"]
      fail_if_not_ssl: true
      tls_config: {insecure_skip_verify: true}
  ssh_banner:
    prober: tcp
    tcp:
      query_response:
      - expect: "^SSH-2.0-"
      - send: "SSH-2.0-blackbox"
  redis:
    prober: tcp
    tcp:
      query_response:
      - send: PING
      - expect: PONG
  tls_connect: {prober: tcp, tcp: {tls: true}}
  dns_check: {prober: dns, dns: {query_name: example.org, query_type: MX, valid_rcodes: [NOERROR]}}
  ping: {prober: icmp, timeout: 500ms}
  unixy: {prober: unix}
"""

GATUS = """
storage: {type: memory}
endpoints:
  - name: front-end
    group: core
    url: "https://shop.example/health"
    interval: 5m
    conditions:
      - "[STATUS] == any(200, 204)"
      - "[RESPONSE_TIME] < 300"
      - "[CERTIFICATE_EXPIRATION] > 48h"
      - "[BODY].status == UP"
      - "len([BODY].items) > 3"
    alerts: [{type: slack}]
  - name: text
    url: "http://shop.example/"
    conditions: ["[STATUS] < 300", "[BODY] == pat(*Welcome*)"]
  - name: dns
    url: "192.0.2.53"
    dns: {query-name: example.org, query-type: A}
    conditions: ["[BODY] == 192.0.2.1", "[DNS_RCODE] == NOERROR"]
  - {name: ping, url: "icmp://shop.example", conditions: ["[CONNECTED] == true"]}
  - {name: port, url: "tcp://shop.example:6379", conditions: ["[CONNECTED] == true", "[RESPONSE_TIME] < 50"]}
  - {name: socket, url: "wss://shop.example/"}
"""


def host(name: str) -> dict[str, Any]:
    return {"id": "01h", "class": "host", "key": "host", "name": name, "attributes": {"address": "192.0.2.7"}}


def taken(imported: Imported, folder: Path) -> CheckRules:
    """What our own reader makes of the printed rules."""
    (folder / "imported.toml").write_text(to_toml(imported))
    return load_services(folder).checks


def definitions(rules: CheckRules, name: str) -> dict[str, Definition]:
    planned = plan(host(name), rules.rules, rules.templates, matching())
    made = {key: check.definition for key, check in planned.items() if check.definition is not None}
    return {key: made[key] for key in made if made[key].rule != "default"}


def test_nagios_services_become_plugin_checks_of_their_hosts(tmp_path: Path) -> None:
    rules = taken(nagios.read(NAGIOS), tmp_path)
    (http,) = definitions(rules, "web1").values()
    assert http.id == "01h/http-on-8080"
    assert http.params == {
        "plugin": "check_http", "args": ["-I", "192.0.2.1", "-p", "8080", "-u", "/a b", "-w", "5"],
    }  # fmt: skip
    assert (http.interval_s, http.retry_s, http.max_attempts) == (300, 60, 4)
    (ping,) = definitions(rules, "db1").values()
    assert ping.params["args"] == ["-H", "192.0.2.2", "-w", "100.0,20%", "-c", "500.0,60%"]


def test_what_nagios_has_and_we_have_not_is_said() -> None:
    not_taken = nagios.read(NAGIOS).not_taken
    assert "1 definitions of timeperiod" in not_taken
    assert "service 'Rack' of web1: nothing here stands for $TIMET$" in not_taken
    assert "service 'Lost' of web1: its command 'check_lost' is not defined here" in not_taken
    assert "service 'HTTP on 8080' of web1: contact_groups admins" in not_taken


def test_blackbox_modules_become_templates_that_a_rule_can_name(tmp_path: Path) -> None:
    imported = blackbox.read(BLACKBOX)
    rules = taken(imported, tmp_path)
    assert set(rules.templates) == {"http-2xx", "ssh-banner", "redis", "tls-connect", "dns-check", "ping"}
    http = rules.templates["http-2xx"]
    assert (http.type, http.timeout_s) == ("http", 5.0)
    assert http.params == {
        "status": "200,301", "max_redirects": 10, "method": "POST", "headers": {"Host": "vhost.example"},
        "verify": False, "body_matches": r"(?s)\A(?=.*(?:Welcome))(?!.*(?:Could not connect))", "family": "ipv4",
    }  # fmt: skip
    assert rules.templates["redis"].params == {"send": "PING\n", "expect": "PONG"}
    assert rules.templates["tls-connect"].type == "tls"
    assert imported.not_taken == [
        "module http_2xx: http.fail_if_not_ssl",
        "module ssh_banner: tcp.query_response",
        "module unixy: there is no prober 'unix' here",
    ]


def test_gatus_endpoints_become_checks_of_the_hosts_that_are_to_run_them(tmp_path: Path) -> None:
    imported = gatus.read(GATUS, "class=host name=hub")
    rules = taken(imported, tmp_path)
    assert definitions(rules, "other") == {}
    made = definitions(rules, "hub")
    front = made["core-front-end"]
    assert (front.type, front.interval_s, front.params["status"]) == ("http", 300, "200, 204".replace(" ", ""))
    assert front.thresholds["response_ms"].crit == "~:300"
    assert front.params["json"] == {"status": "UP"}
    assert made["core-front-end-certificate"].thresholds["days_left"].crit == "2:"
    assert made["text"].params == {
        "url": "http://shop.example/", "max_redirects": 10, "status": "100-299", "body_contains": "Welcome",
    }  # fmt: skip
    assert made["dns"].params == {
        "host": "192.0.2.53", "name": "example.org", "type": "A", "expect": ["192.0.2.1"], "code": "no error",
    }  # fmt: skip
    assert made["port"].thresholds["connect_ms"].crit == "~:50"
    assert imported.not_taken == [
        "the section storage",
        "endpoint core-front-end: condition len([BODY].items) > 3",
        "endpoint core-front-end: alerts",
        "endpoint socket: url 'wss://shop.example/'",
    ]


def test_gatus_endpoints_are_targets_of_the_hubs_own_agent_where_nobody_else_is_named(tmp_path: Path) -> None:
    rules = taken(gatus.read(GATUS), tmp_path)
    by_name = {rule.name: rule for rule in rules.rules}
    assert (by_name["text"].target, by_name["text"].at_hub, by_name["text"].apply) == ("shop.example", True, "")
    assert by_name["dns"].target == "192.0.2.53"


def test_a_grpc_module_is_a_template_of_the_grpc_probe() -> None:
    text = "modules: {orders: {prober: grpc, grpc: {service: shop.Orders, tls: true, tls_config: {ca_file: /ca.pem}}}}"
    imported = blackbox.read(text)
    assert imported.templates["orders"].type == "grpc"
    assert imported.templates["orders"].params == {"service": "shop.Orders", "tls": True, "ca_file": "/ca.pem"}
    assert imported.not_taken == []


@pytest.mark.parametrize("text", [NAGIOS, BLACKBOX, GATUS])
def test_every_check_that_is_made_is_one_that_its_probe_takes(tmp_path: Path, text: str) -> None:
    readers = {NAGIOS: nagios.read, GATUS: lambda said: gatus.read(said, "class=host"), BLACKBOX: blackbox.read}
    rules = taken(readers[text](text), tmp_path)
    for name in ("web1", "db1"):
        for definition in definitions(rules, name).values():
            msgspec.convert(definition.params, load(definition.type).params)


@pytest.mark.parametrize("text", ["", "hello", "- a\n- b", "modules: []", "a: [", "endpoints: 3", "\x00"])
def test_a_file_of_another_kind_is_refused_with_the_reason(text: str) -> None:
    for read in (nagios.read, blackbox.read, lambda said: gatus.read(said, "class=host")):
        with pytest.raises(CannotImport, match=r"is it|is no YAML"):
            read(text)


def test_what_is_printed_is_toml_whatever_it_holds(tmp_path: Path) -> None:
    odd = NAGIOS.replace("HTTP on 8080", 'Ümläut "quoted" \\ back').replace("/a b", "ø\x7f")
    (check,) = definitions(taken(nagios.read(odd), tmp_path), "web1").values()
    assert check.id == "01h/ml-ut-quoted-back"
    assert "ø\x7f" in check.params["args"]
