"""`watchdeck service`: what people get, what it is made of, how it is."""

from __future__ import annotations

from typing import Any

import click

from console.commands.asking import list_command, show_command
from console.commands.options import AT
from console.commands.text import Column, age, clean, record

COLUMNS = (
    Column("SERVICE", "name"),
    Column("STATE", "state"),
    Column("SINCE", lambda row: age(row["since"]), right=True),
    Column("OWNER", "owner"),
    Column("TITLE", "title"),
)


@click.group()
def service() -> None:
    """Services, their components and states."""


def _name() -> click.Argument:
    return click.Argument(["name"])


def _tree(document: dict[str, Any]) -> str:
    lines = [f"{document['name']} [{document['state']}]"]
    for component in document["components"]:
        lines.append(f"  {component['name']} [{component['state']}] {component['rule']}")
        lines.extend(
            f"    {clean(item['name'])} [{item['state'] or 'not checked'}]  {item['id']}" for item in component["cis"]
        )
    return "\n".join(lines)


def _points(rows: list[dict[str, Any]]) -> str:
    lines = [f"{row['class']} {clean(row['name'])} ({row['id']}): component {row['component']}" for row in rows]
    return "\n".join(lines) or "no single item takes it down"


service.add_command(
    list_command("service.list", COLUMNS, help_="Services and their states.", empty="no services", view="services")
)
service.add_command(show_command("show", "service.show", _name(), help_="One service.", render=record, options=(AT,)))
service.add_command(
    show_command(
        "tree", "service.tree", _name(), help_="A service's components and their items.", render=_tree, options=(AT,)
    )
)
service.add_command(
    show_command(
        "points", "service.points", _name(), help_="Single points of failure: what alone takes it down.", render=_points
    )
)
