"""Endpoints of a Gatus configuration as rules of ours: targets of the hub's own agent, as Gatus itself is one prober.

With `apply` the agents of the hosts that it selects look instead, each for itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import yaml

from checks.definition import Threshold
from checks.rules import Rule, Tuning
from cmdb.check_import.imported import CannotImport, Imported, name_of
from cmdb.practices.duration import parse_duration_s

_CONDITION = re.compile(r"\[([A-Z_]+)\](\S*)\s*(==|!=|<=|>=|<|>)\s*(.+)")
_ANY = re.compile(r"any\((.+)\)")
_PATTERN = re.compile(r"pat\(\*?(.+?)\*?\)")
_PATH = re.compile(r"(?:\.[A-Za-z_][A-Za-z0-9_]*|\[\d+\])+")
_RCODES = {"NOERROR": "no error", "NXDOMAIN": "no such name", "SERVFAIL": "server failure", "REFUSED": "refused"}
_DEFAULT_PORTS = {"ssh": 22, "starttls": 25, "tls": 443}


def read(text: str, apply: str = "") -> Imported:
    """The endpoints of this text. Raises `CannotImport`."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CannotImport(f"it is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict) or not isinstance(document.get("endpoints"), list):
        raise CannotImport("no `endpoints:` in it: is it a configuration of Gatus?")
    imported = Imported()
    imported.not_taken += [f"the section {key}" for key in document if key != "endpoints"]
    for endpoint in document["endpoints"]:
        if isinstance(endpoint, dict):
            _Endpoint(imported, endpoint, apply).take()
    return imported


class _Endpoint:
    """One endpoint on its way to a rule; what it says beyond that is noted as not taken."""

    def __init__(self, imported: Imported, said: Mapping[str, Any], apply: str) -> None:
        self._imported, self._said, self._apply = imported, said, apply
        self._name = name_of(f"{said.get('group') or ''} {said.get('name') or ''}")
        self._params: dict[str, Any] = {}
        self._thresholds: dict[str, Threshold] = {}

    def take(self) -> None:
        type_ = self._where(str(self._said.get("url", "")))
        if type_ is None:
            self._not_taken(f"url {self._said.get('url')!r}")
            return
        for condition in self._said.get("conditions") or []:
            if not self._condition(type_, str(condition)):
                self._not_taken(f"condition {condition}")
        for key in ("alerts", "ui", "client", "graphql", "maintenance-windows"):
            if self._said.get(key):
                self._not_taken(key)
        tuning = Tuning(type_, self._params, self._thresholds, interval_s=_length(self._said.get("interval")))
        self._imported.rules.append(self._rule(self._name, tuning))

    def _rule(self, name: str, tuning: Tuning) -> Rule:
        asked = str(tuning.params.get("host") or urlsplit(str(tuning.params.get("url", ""))).hostname)
        return Rule(name, self._apply, tuning, target="" if self._apply else asked)

    def _not_taken(self, what: str) -> None:
        self._imported.not_taken.append(f"endpoint {self._name}: {what}")

    def _where(self, url: str) -> str | None:
        """The type of probe for this address; its parameters are noted."""
        if isinstance(self._said.get("dns"), dict):
            dns = self._said["dns"]
            self._params = {
                "host": url.split(":", maxsplit=1)[0],
                "name": dns.get("query-name", ""),
                "type": dns.get("query-type", "A"),
            }
            return "dns"
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"}:
            self._params = {"url": url, "max_redirects": 10, "status": "100-599"}
            self._params |= {ours: self._said[ours] for ours in ("method", "headers", "body") if self._said.get(ours)}
            return "http"
        if parts.scheme == "icmp" and parts.hostname:
            self._params = {"host": parts.hostname}
            return "icmp"
        type_ = {"tcp": "tcp", "tls": "tls", "starttls": "smtp", "ssh": "ssh", "udp": "udp"}.get(parts.scheme)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
        if type_ is None or parts.hostname is None or port is None:
            return None
        self._params = {"host": parts.hostname, "port": port, **({"tls": "start"} if type_ == "smtp" else {})}
        return type_

    def _condition(self, type_: str, text: str) -> bool:
        """Note what this condition asks for; whether it could be."""
        match = _CONDITION.fullmatch(text.strip())
        if match is None:
            return False
        what, path, operator, value = match.groups()
        if path:
            return what == "BODY" and operator == "==" and type_ == "http" and self._json(path, value)
        if what == "CONNECTED":
            return operator == "==" and value == "true"
        if what == "STATUS" and type_ == "http":
            return self._status(operator, value)
        if what == "RESPONSE_TIME" and operator in {"<", "<="} and type_ in _TIME_METRIC:
            self._thresholds[_TIME_METRIC[type_]] = Threshold(crit=f"~:{float(value.removesuffix('ms')):g}")
            return True
        if what == "CERTIFICATE_EXPIRATION" and operator in {">", ">="}:
            return self._certificate(type_, value)
        if what == "DNS_RCODE" and operator == "==" and value in _RCODES:
            self._params["code"] = _RCODES[value]
            return True
        return what == "BODY" and operator == "==" and self._body(type_, value)

    def _json(self, path: str, value: str) -> bool:
        """A value within the body: a path of names and numbers is JMESPath's too."""
        if not _PATH.fullmatch(path) or _PATTERN.fullmatch(value) or _ANY.fullmatch(value):
            return False
        self._params.setdefault("json", {})[path.removeprefix(".")] = _literal(value)
        return True

    def _status(self, operator: str, value: str) -> bool:
        several = _ANY.fullmatch(value)
        if operator == "==":
            self._params["status"] = ",".join(part.strip() for part in (several[1] if several else value).split(","))
            return True
        if not value.isdecimal() or operator == "!=":
            return False
        code = int(value)
        low, high = {"<": (100, code - 1), "<=": (100, code), ">": (code + 1, 599), ">=": (code, 599)}[operator]
        self._params["status"] = f"{low}-{high}"
        return True

    def _certificate(self, type_: str, value: str) -> bool:
        """Of a web server it is a check of its own here."""
        lasts_s = _length(value)
        if lasts_s is None:
            return False
        days = {"days_left": Threshold(crit=f"{lasts_s / 86400:g}:")}
        if type_ in {"tls", "smtp"}:
            self._thresholds.update(days)
            return True
        parts = urlsplit(str(self._params.get("url", "")))
        if parts.scheme != "https":
            return False
        tuning = Tuning("tls", {"host": parts.hostname, "port": parts.port or 443}, days, interval_s=3600.0)
        self._imported.rules.append(self._rule(f"{self._name}-certificate", tuning))
        return True

    def _body(self, type_: str, value: str) -> bool:
        pattern = _PATTERN.fullmatch(value)
        text = pattern[1] if pattern else value
        if "*" in text:
            return False
        if type_ == "dns":
            self._params["expect"] = [text]
        elif type_ == "http":
            self._params["body_contains" if pattern else "body_matches"] = text if pattern else f"^{re.escape(text)}$"
        else:
            return False
        return True


_TIME_METRIC = {
    "http": "response_ms",
    "tcp": "connect_ms",
    "icmp": "round_trip_ms",
    "dns": "answer_ms",
    "ssh": "greeting_ms",
}


def _literal(text: str) -> object:
    """Gatus compares texts; JSON has numbers and truth too."""
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if re.fullmatch(r"-?\d{1,15}", text) else text


def _length(text: object) -> float | None:
    try:
        return parse_duration_s(str(text))
    except ValueError:
        return None
