"""Modules of a blackbox_exporter configuration as templates of ours: a rule that names one says what it probes.

A module has no target: that is in Prometheus' own configuration, and here in the CI that a rule applies to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from checks.dns_message import TYPES
from checks.rules import Tuning
from cmdb.check_import.imported import CannotImport, Imported, name_of

REDIRECTS = 10  # what Go's client follows
_PLAIN = re.compile(r"[^\\^$.|?*+()\[\]{}]*")
_TIMEOUT = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)")
_FAMILY = {"ip4": "ipv4", "ip6": "ipv6"}
_RCODES = {"NOERROR": "no error", "NXDOMAIN": "no such name", "SERVFAIL": "server failure", "REFUSED": "refused"}

Module = Mapping[str, Any]
Params = dict[str, Any]


class _Reader:
    """The settings of one prober, each taken once: what is left over was not taken."""

    def __init__(self, settings: Module) -> None:
        self._left = dict(settings)

    def take(self, key: str, default: Any = None) -> Any:
        return self._left.pop(key, default)

    def leave(self, key: str, value: Any) -> None:
        """It was looked at and cannot be taken."""
        self._left[key] = value

    @property
    def left(self) -> list[str]:
        return sorted(key for key, value in self._left.items() if value not in (None, False, [], {}, ""))


def read(text: str) -> Imported:
    """The modules of this text. Raises `CannotImport`."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CannotImport(f"it is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict) or not isinstance(document.get("modules"), dict):
        raise CannotImport("no `modules:` in it: is it a configuration of blackbox_exporter?")
    imported = Imported()
    for name, module in document["modules"].items():
        _take(imported, str(name), module if isinstance(module, dict) else {})
    return imported


def _take(imported: Imported, name: str, module: Module) -> None:
    prober = str(module.get("prober"))
    if prober not in _PROBERS:
        imported.not_taken.append(f"module {name}: there is no prober {prober!r} here")
        return
    settings = _Reader(module.get(prober) or {})
    family = _FAMILY.get(str(settings.take("preferred_ip_protocol", "")))
    settings.take("ip_protocol_fallback")
    type_, params = _PROBERS[prober](settings)
    if family and type_ != "dns":
        params["family"] = family
    imported.templates[name_of(name)] = Tuning(type_, params, timeout_s=_seconds(str(module.get("timeout", ""))))
    imported.not_taken += [f"module {name}: {prober}.{key}" for key in settings.left]


def _http(settings: _Reader) -> tuple[str, Params]:
    statuses = settings.take("valid_status_codes") or ["200-299"]
    params: Params = {"status": ",".join(map(str, statuses))}
    params["max_redirects"] = REDIRECTS if settings.take("follow_redirects", True) else 0
    if settings.take("no_follow_redirects", False):
        params["max_redirects"] = 0
    for ours, theirs in (("method", "method"), ("headers", "headers"), ("body", "body")):
        value = settings.take(theirs)
        if value:
            params[ours] = value
    params.update(_tls(settings.take("tls_config") or {}))
    auth = settings.take("basic_auth") or {}
    if "username" in auth and "password_file" in auth:
        params.update(user=auth["username"], password_file=auth["password_file"])
    elif auth:
        settings.leave("basic_auth (a password has its place in a file: name it password_file)", auth)
    params.update(_bodies(settings))
    settings.take("valid_http_versions")
    return "http", params


def _bodies(settings: _Reader) -> Params:
    """The regular expressions that a body must and must not match, as the one that it must."""
    wanted = settings.take("fail_if_body_not_matches_regexp") or []
    refused = settings.take("fail_if_body_matches_regexp") or []
    parts = [f"(?=.*(?:{one}))" for one in wanted] + [f"(?!.*(?:{one}))" for one in refused]
    return {"body_matches": r"(?s)\A" + "".join(parts)} if parts else {}


def _tls(settings: Module) -> Params:
    params: Params = {"verify": False} if settings.get("insecure_skip_verify") else {}
    for ours, theirs in (("ca_file", "ca_file"), ("server_name", "server_name")):
        if settings.get(theirs):
            params[ours] = settings[theirs]
    return params


def _tcp(settings: _Reader) -> tuple[str, Params]:
    tls = _tls(settings.take("tls_config") or {})
    if settings.take("tls", False):
        return "tls", tls
    params: Params = {}
    steps = settings.take("query_response") or []
    sends = [step["send"] for step in steps if step.get("send")]
    expects = [step["expect"].lstrip("^") for step in steps if step.get("expect")]
    if len(sends) <= 1 and len(expects) == 1 and _PLAIN.fullmatch(expects[0]):
        params["expect"] = expects[0]
        if sends:
            params["send"] = f"{sends[0]}\n"
    elif steps:
        settings.leave("query_response", steps)
    return "tcp", params


def _grpc(settings: _Reader) -> tuple[str, Params]:
    params = _tls(settings.take("tls_config") or {})
    if settings.take("tls", False):
        params["tls"] = True
    service = settings.take("service", "")
    return "grpc", {**params, **({"service": service} if service else {})}


def _dns(settings: _Reader) -> tuple[str, Params]:
    params: Params = {"name": str(settings.take("query_name", "")), "host": "{address}"}
    type_ = str(settings.take("query_type", "A"))
    if type_ in TYPES:
        params["type"] = type_
    codes = settings.take("valid_rcodes") or []
    if len(codes) == 1 and codes[0] in _RCODES:
        params["code"] = _RCODES[codes[0]]
    elif codes:
        settings.leave("valid_rcodes", codes)
    return "dns", params


def _icmp(settings: _Reader) -> tuple[str, Params]:
    return "icmp", {}


_PROBERS: Mapping[str, Callable[[_Reader], tuple[str, Params]]] = {
    "http": _http,
    "tcp": _tcp,
    "dns": _dns,
    "grpc": _grpc,
    "icmp": _icmp,
}


def _seconds(text: str) -> float | None:
    match = _TIMEOUT.fullmatch(text)
    if match is None:
        return None
    return float(match[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0}[match[2]]
