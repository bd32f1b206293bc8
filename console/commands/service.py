"""`watchdeck service`: what people get, what it is made of, how it is."""

from __future__ import annotations

from typing import Any

import click

from console.commands.asking import list_command, show_command
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


service.add_command(
    list_command("service.list", COLUMNS, help_="Services and their states.", empty="no services", view="services")
)
service.add_command(show_command("show", "service.show", _name(), help_="One service.", render=record))
service.add_command(
    show_command("tree", "service.tree", _name(), help_="A service's components and their items.", render=_tree)
)
