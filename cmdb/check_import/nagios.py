"""Object files of Nagios and what descends from it (Icinga 1, Naemon, Shinken): services with their commands.

Hosts, groups, templates (`use`) and `$MACROS$` are followed as far as they make up a service's command line.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping

from checks.rules import Rule, Tuning
from cmdb.check_import.imported import CannotImport, Imported, name_of, quoted

INTERVAL_LENGTH_S = 60.0  # Nagios counts intervals in minutes by default
PLUGINS = "$USER1$"
_DEFINE = re.compile(r"define\s+([a-z]+)\s*\{?\s*$")
_MACRO = re.compile(r"\$([A-Z0-9_]+)\$")
_USED = {"command", "host", "hostgroup", "service"}
# What a service says that has no place here; all else of it that is not used is cosmetic.
_MEANT = {"event_handler", "notification_interval", "notification_period", "check_period", "contacts", "contact_groups"}

Object = dict[str, str]


def read(text: str) -> Imported:
    """The services of this text. Raises `CannotImport`."""
    objects = list(_objects(text))
    if not objects:
        raise CannotImport("no `define …{` in it: is it an object file of Nagios or Icinga 1?")
    imported = Imported()
    for kind in sorted({kind for kind, _ in objects} - _USED):
        count = sum(1 for one, _ in objects if one == kind)
        imported.not_taken.append(f"{count} definitions of {kind}")
    by_kind = {kind: [one for other, one in objects if other == kind] for kind in _USED}
    whole = {kind: [_whole(one, by_kind[kind]) for one in by_kind[kind]] for kind in _USED}
    hosts = {one["host_name"]: one for one in whole["host"] if "host_name" in one and _is_real(one)}
    commands = {one["command_name"]: one.get("command_line", "") for one in whole["command"] if "command_name" in one}
    for service in filter(_is_real, whole["service"]):
        for host in _hosts_of(service, hosts, whole["hostgroup"]):
            _take(imported, service, host, commands)
    return imported


def _objects(text: str) -> Iterator[tuple[str, Object]]:
    kind, fields = "", Object()
    for line in text.replace("\\\n", " ").splitlines():
        words = re.split(r"(?<!\\);", line, maxsplit=1)[0].replace("\\;", ";").strip()
        if not words or words.startswith("#"):
            continue
        begins = _DEFINE.match(words)
        if begins:
            kind, fields = begins[1], Object()
        elif words == "}" and kind:
            yield kind, fields
            kind = ""
        elif kind:
            key, *value = words.split(maxsplit=1)
            fields[key] = "".join(value)


def _whole(one: Object, others: Iterable[Object], depth: int = 0) -> Object:
    """The object with what it takes over from its templates, the first named going before the later."""
    named = {other["name"]: other for other in others if "name" in other}
    inherited = Object()
    for name in filter(None, map(str.strip, one.get("use", "").split(","))):
        if name in named and depth < 20:
            inherited = {**_whole(named[name], named.values(), depth + 1), **inherited}
    own = {key: value for key, value in one.items() if key != "use"}
    inherited = {key: value for key, value in inherited.items() if key not in {"name", "register"}}
    return {**inherited, **own}


def _is_real(one: Mapping[str, str]) -> bool:
    return one.get("register", "1") != "0"


def _hosts_of(service: Object, hosts: Mapping[str, Object], groups: Iterable[Object]) -> Iterator[Object]:
    """The hosts that a service is for: by name, by group, `*` for all, `!` for not."""
    wanted = _listed(service.get("host_name", ""))
    for group in _listed(service.get("hostgroup_name", "")):
        members = [_listed(one.get("members", "")) for one in groups if one.get("hostgroup_name") == group]
        wanted += [name for listed in members for name in listed]
        wanted += [name for name, host in hosts.items() if group in _listed(host.get("hostgroups", ""))]
    refused = {name[1:] for name in wanted if name.startswith("!")}
    names = list(hosts) if "*" in wanted else dict.fromkeys(wanted)
    for name in names:
        if name not in refused and not name.startswith("!"):
            yield hosts.get(name, {"host_name": name, "address": name})


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _take(imported: Imported, service: Object, host: Object, commands: Mapping[str, str]) -> None:
    what = f"service {service.get('service_description', '?')!r} of {host['host_name']}"
    name, *arguments = service.get("check_command", "").split("!")
    if name not in commands:
        imported.not_taken.append(f"{what}: its command {name!r} is not defined here")
        return
    line, unknown = _expanded(commands[name], arguments, host, service)
    if unknown:
        imported.not_taken.append(f"{what}: nothing here stands for {', '.join(unknown)}")
        return
    try:
        program, *words = shlex.split(line)
    except ValueError:
        imported.not_taken.append(f"{what}: its command line cannot be taken apart: {line[:200]}")
        return
    params = {"plugin": program.removeprefix(f"{PLUGINS}/"), "args": words}
    tuning = Tuning(
        "plugin",
        params,
        interval_s=_minutes(service.get("check_interval") or service.get("normal_check_interval")),
        retry_s=_minutes(service.get("retry_interval") or service.get("retry_check_interval")),
        max_attempts=int(attempts) if (attempts := service.get("max_check_attempts", "")).isdecimal() else None,
    )
    apply = f"class=host name={quoted(host['host_name'])}"
    imported.rules.append(Rule(name_of(service.get("service_description", name)), apply, tuning))
    for key in sorted(_MEANT & set(service)):
        imported.not_taken.append(f"{what}: {key} {service[key]}")


def _expanded(line: str, arguments: list[str], host: Object, service: Object) -> tuple[str, list[str]]:
    """The command line with its macros put in, and those that nothing stands for."""
    known = {f"ARG{number}": value for number, value in enumerate(arguments, 1)}
    known |= {"HOSTNAME": host["host_name"], "HOSTADDRESS": host.get("address", host["host_name"])}
    known |= {"HOSTALIAS": host.get("alias", host["host_name"]), "SERVICEDESC": service.get("service_description", "")}
    known |= {key.upper().replace("_", "_HOST", 1): value for key, value in host.items() if key.startswith("_")}
    known |= {key.upper().replace("_", "_SERVICE", 1): value for key, value in service.items() if key.startswith("_")}
    known["USER1"] = PLUGINS
    unknown: list[str] = []

    def put_in(match: re.Match[str]) -> str:
        if match[1] not in known and not match[1].startswith("ARG"):
            unknown.append(match[0])
        return known.get(match[1], "")

    # Twice: an argument may hold a macro itself.
    line = _MACRO.sub(put_in, line)
    return _MACRO.sub(lambda match: PLUGINS if match[0] == PLUGINS else put_in(match), line), unknown


def _minutes(text: str | None) -> float | None:
    try:
        value = float(text) * INTERVAL_LENGTH_S if text else 0.0
    except ValueError:
        return None
    return value if value > 0 else None
