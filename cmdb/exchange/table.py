"""Items as CSV: `class, host, key, name` and a column for each attribute, `attributes.` left off. In and out the same.

Reading, a host is a row of class `host` or the name in the column `host` of its items; identity keys are columns
`key.dmi_uuid`, `key.serial` and so on of the host's row. A value that begins like a formula is written with a quote
before it, so that a spreadsheet shows it and runs nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from agent.wire import Item
from cmdb.exchange.hosts import HostDocuments
from cmdb.exchange.imported import ImportedHost, Unreadable, filled, host_item, imported
from cmdb.identity.decide import PINS

_FIRST = ("class", "host", "key", "name")
_FORMULA = ("=", "+", "-", "@", "\t")
_LISTS = ("macs", "ssh_host_key", "disk_serials")
_KEY = "key."


def read(source: str) -> list[ImportedHost]:
    """Every host of the table. Raises `Unreadable`."""
    rows = csv.DictReader(io.StringIO(source))
    if rows.fieldnames is None or not {"class", "host"} <= set(rows.fieldnames):
        raise Unreadable(
            "csv", f"no columns class and host in its first line; columns are {', '.join(_FIRST)} and attributes"
        )
    hosts: dict[str, Item] = {}
    items: dict[str, list[Item]] = {}
    try:
        for number, row in enumerate(rows, 2):
            _take(number, row, hosts, items)
    except csv.Error as error:
        raise Unreadable("csv", str(error)) from None
    if not items:
        raise Unreadable("csv", "no rows")
    return [imported(hosts.get(name) or host_item(name, {}, {}), found) for name, found in items.items()]


def _take(number: int, row: Mapping[str, Any], hosts: dict[str, Item], items: dict[str, list[Item]]) -> None:
    class_, host, key = (_said(row.get(name)) for name in _FIRST[:3])
    name = _said(row.get("name")) or key
    if not class_ or not (host or class_ == "host"):
        raise Unreadable("csv", f"line {number} has no class or no host")
    attributes = filled(
        {
            column: _value(_said(value))
            for column, value in row.items()
            if column and column not in _FIRST and not column.startswith(_KEY)
        }
    )
    if class_ == "host":
        keys = {
            column.removeprefix(_KEY): _said(value)
            for column, value in row.items()
            if column and column.startswith(_KEY)
        }
        hosts[name] = host_item(name, attributes, {k: v.split() if k in _LISTS else v for k, v in keys.items()})
        items.setdefault(name, [])
        return
    if not key:
        raise Unreadable("csv", f"line {number} has no key")
    items.setdefault(host, []).append(Item(class_, key, name, attributes))


def _said(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULA else text


def _value(text: str) -> Any:
    """Whole numbers, true and false, and JSON lists and objects; all else is text."""
    if text.isdigit() and (text == "0" or not text.startswith("0")) and len(text) < 19:
        return int(text)
    if text in ("true", "false"):
        return text == "true"
    if text[:1] in "[{" and text:
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError:
            return text
    return text


def write(hosts: Iterable[HostDocuments]) -> str:
    """All items of these hosts, a row each."""
    rows = [
        _row(host, ci)
        for host in hosts
        for ci in (host.host, *sorted(host.items, key=lambda ci: (ci["class"], ci["key"])))
    ]
    columns = sorted({column for row in rows for column in row} - set(_FIRST))
    output = io.StringIO()
    writer = csv.DictWriter(output, [*_FIRST, *columns], lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: _cell(value) for column, value in row.items()} for row in rows)
    return output.getvalue()


def _row(host: HostDocuments, ci: Mapping[str, Any]) -> dict[str, Any]:
    keys = ci["keys"] if ci["class"] == "host" else {}
    named = {
        f"{_KEY}{name}": " ".join(value) if isinstance(value, list) else value
        for name, value in keys.items()
        if name != PINS
    }
    return {
        "class": ci["class"],
        "host": host.host["name"],
        "key": ci["key"],
        "name": ci["name"],
        **ci["attributes"],
        **named,
    }


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return msgspec.json.encode(value).decode()
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
