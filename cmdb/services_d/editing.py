"""The text of a file of `services.d` with something in it changed: comments and the order of everything else stay.

Not whether the result is right: `cmdb.services_file` reads it before it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, cast

import tomlkit
from tomlkit.items import AoT, Item, Table

SERVICE, AGREEMENT = "service", "agreement"
_LISTS = frozenset({"component", AGREEMENT})
_NOTHING = tomlkit.aot()
Terms = Mapping[str, Any]


class NoSuchTerm(ValueError):
    """A term that is not there to be taken out, or whose place is taken by something else."""


def names_in(text: str, what: str) -> list[str]:
    """The services, or the agreements, that the file declares."""
    return [name for name, _ in _tables(tomlkit.parse(text), what)]


def changed(text: str, what: str, name: str, terms: Terms) -> str:
    """The text with these terms of a service or an agreement; one that is None is taken out.

    A term may lie deeper: `holidays.country`, `component.web.select`; a component that is not there is added.
    Raises `KeyError` where nothing of this name is declared, `NoSuchTerm`.
    """
    document = tomlkit.parse(text)
    table = dict(_tables(document, what))[name]
    for term, value in terms.items():
        _set(table, term.split("."), value)
    return tomlkit.dumps(document)


def added(text: str, what: str, name: str, terms: Terms) -> str:
    """The text with one more service or agreement after those that it has. Raises `NoSuchTerm`."""
    document, table = tomlkit.parse(text), tomlkit.table()
    table["name"] = name
    for term, value in terms.items():
        _set(table, term.split("."), value)
    if not isinstance(document.get(what), AoT):
        document = tomlkit.parse(f"{text.rstrip()}\n\n" if text.strip() else "")
        document.append(what, tomlkit.aot())
    elif list(document)[-1] != what:
        table.add(tomlkit.nl())
    cast(AoT, document[what]).append(table)
    return tomlkit.dumps(document)


def without(text: str, what: str, name: str) -> str:
    """The text without this agreement or service. Raises `KeyError`."""
    document = tomlkit.parse(text)
    table = dict(_tables(document, what))[name]
    for holder in (document, *cast("list[Any]", document.get(SERVICE, []))):
        for key in (what, "sla"):
            found = holder.get(key)
            if found is table:
                del holder[key]
            elif isinstance(found, list) and any(each is table for each in found):
                del found[next(n for n, each in enumerate(found) if each is table)]
    return tomlkit.dumps(document)


def _tables(document: Mapping[str, Any], what: str) -> Iterator[tuple[str, Any]]:
    """The tables of services, or of agreements wherever they stand, by the name that they go by."""
    for service in document.get(SERVICE, []):
        if what == SERVICE:
            yield str(service.get("name", "")), service
            continue
        within = [service["sla"]] if "sla" in service else []
        for agreement in (*within, *service.get(AGREEMENT, [])):
            yield str(agreement.get("name", service.get("name", ""))), agreement
    if what == AGREEMENT:
        for agreement in document.get(AGREEMENT, []):
            yield str(agreement.get("name", agreement.get("service", ""))), agreement


def _set(table: MutableMapping[str, Any], path: list[str], value: Any) -> None:
    key, *deeper = path
    if not deeper:
        _put(table, key, value)
        return
    if key in _LISTS:
        _set_in_list(table, key, deeper, value)
        return
    if key not in table and value is not None:
        _put(table, key, tomlkit.inline_table())
    if not isinstance(table.get(key), Mapping):
        raise NoSuchTerm(f"{'.'.join(path)}: {key} has nothing in it")
    _set(cast("MutableMapping[str, Any]", table[key]), deeper, value)


def _set_in_list(table: MutableMapping[str, Any], key: str, path: list[str], value: Any) -> None:
    """`component.web.rule`: the rule of the component named web."""
    name, *deeper = path
    found = [number for number, one in enumerate(table.get(key, [])) if one.get("name") == name]
    if not found and value is None:
        raise NoSuchTerm(f"{key}.{name} is not there")
    if not deeper:
        if value is not None:
            raise NoSuchTerm(f"{key}.{name} is a table: name a term in it, {key}.{name}.select")
        del table[key][found[0]]
        return
    if found:
        _set(table[key][found[0]], deeper, value)
        return
    one = tomlkit.table() if isinstance(table.get(key, _NOTHING), AoT) else tomlkit.inline_table()
    one["name"] = name
    _set(one, deeper, value)
    if key not in table:
        table[key] = tomlkit.aot()
    table[key].append(one)


def _put(table: MutableMapping[str, Any], key: str, value: Any) -> None:
    if value is None:
        if key not in table:
            raise NoSuchTerm(f"{key} is not there")
        del table[key]
    elif key in table or not isinstance(table, Table):
        table[key] = _item(value)
    else:
        _put_after_the_last(table, key, _item(value))


def _item(value: Any) -> Item:
    """A table of a few terms is written on one line, as people write `respond = { 1 = "15m" }`."""
    if not isinstance(value, Mapping):
        return cast(Item, tomlkit.item(value))
    table = tomlkit.inline_table()
    table.update(value)
    return table


def _put_after_the_last(table: Table, key: str, item: Item) -> None:
    """Where the plain terms end: tomlkit itself would put it after a comment that belongs to what follows."""
    plain = [name for name, each in table.value.body if name is not None and not isinstance(each, Table | AoT)]
    if not plain:
        table[key] = item
        return
    # There is no public way to say where; a test holds what comes of it.
    table.value._insert_after(plain[-1], tomlkit.key(key), item)
    dict.__setitem__(table, key, item.value)
