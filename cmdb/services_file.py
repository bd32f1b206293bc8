"""`services.d/*.toml` → services and their agreements. Not their states: `cmdb.hub.services` keeps those.

Check rules stand in the same files and are read by `cmdb.rules_file`.

::

    [[service]]
    name = "shop"
    hours = "Mon-Fri 08:00-18:00"
    timezone = "Europe/Madrid"
    holidays = { country = "ES", subdivision = "MD" }

    [[service.component]]
    name = "web"
    select = "class=endpoint name=~web"
    rule = "2"                              # two of them must be up

    [service.sla]
    period = "30d"
    target = "99.9%"
    respond = { 1 = "15m", 2 = "30m" }
    resolve = { 1 = "4h", 2 = "1d" }
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cmdb.model.service import Agreement, Service
from cmdb.practices.default_service import NAME
from cmdb.rules_file import CheckRules, read_rules, together
from cmdb.services_d.records import Source, agreements_of, service_of
from cmdb.services_d.tables import ServicesFile
from cmdb.toml_file import KeyPath, convert, parse, read


@dataclass(frozen=True)
class Declared:
    """Everything that the files declare, in the order of their names."""

    services: tuple[Service, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    checks: CheckRules = field(default_factory=CheckRules)


def service_files(folder: Path) -> tuple[Path, ...]:
    """The files of the folder that count, by name; none where there is no folder."""
    return tuple(sorted(path for path in folder.glob("*.toml") if not path.name.startswith(".")))


def load_services(folder: Path) -> Declared:
    """What all files of the folder declare. Raises `TomlError` for the first thing that is wrong."""
    return declared_by(texts_in(folder))


def texts_in(folder: Path) -> dict[Path, str]:
    """The text of each file of the folder. Raises `TomlError`."""
    return {path: read(path) for path in service_files(folder)}


def declared_by(texts: Mapping[Path, str]) -> Declared:
    """What files with these texts declare. Raises `TomlError` for the first thing that is wrong."""
    services: list[Service] = []
    agreements: list[tuple[Source, KeyPath, Agreement]] = []
    named: dict[tuple[str, str], Path] = {}
    rules: list[tuple[Path, CheckRules]] = []
    for source in (Source(path, text) for path, text in sorted(texts.items())):
        tables = convert(source.path, source.text, parse(source.path, source.text), ServicesFile)
        for index, table in enumerate(tables.service):
            at: KeyPath = ("service", index)
            _first_of_its_name(named, source, ("service", table.name), (*at, "name"))
            services.append(service_of(table, source, at))
        for key, agreement in agreements_of(tables, source):
            _first_of_its_name(named, source, ("agreement", agreement.name), key)
            agreements.append((source, key, agreement))
        rules.append((source.path, read_rules(source.path, source.text, tables.check, tables.template)))
    _check_services_exist(agreements, {NAME, *(service.name for service in services)})
    return Declared(tuple(services), tuple(agreement for _, _, agreement in agreements), together(rules))


def _check_services_exist(agreements: Iterable[tuple[Source, KeyPath, Agreement]], known: set[str]) -> None:
    for source, key, agreement in agreements:
        if agreement.service not in known:
            why = f"there is no service {agreement.service!r}"
            raise source.error((*key, "service"), why, f"declare it, or use one of {', '.join(sorted(known))}")


def _first_of_its_name(named: dict[tuple[str, str], Path], source: Source, name: tuple[str, str], key: KeyPath) -> None:
    if other := named.get(name):
        raise source.error(key, f"{name[0]} {name[1]!r} is declared already in {other.name}", "give it another name")
    named[name] = source.path
