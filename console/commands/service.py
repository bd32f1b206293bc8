"""`watchdeck service`: what people get, what it is made of, how it is."""

from __future__ import annotations

from typing import Any

import click

from console.commands import service_edit
from console.commands.asking import list_command, show_command
from console.commands.options import AT
from console.commands.sla_terms import share
from console.commands.text import Column, age, clean, duration, record, table

ALL = click.Option(["--all"], is_flag=True, help="Retired ones too.")
HOSTS = (
    Column("HOST", "name"),
    Column("STATE", "state"),
    Column("ITEMS", "items", right=True),
    Column("REACHES", "reaches", right=True),
    Column("SERVICES", "services"),
)
COLUMNS = (
    Column("SERVICE", "name"),
    Column("STAGE", "stage"),
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


COMPONENTS = (
    Column("STATE", "state"),
    Column("COMPONENT", "name"),
    Column("RULE", "rule"),
    Column("EFFECT", "effect"),
    Column("ITEMS", lambda row: len(row["cis"]), right=True),
    Column("SELECT", "select"),
)


def _shown(document: dict[str, Any]) -> str:
    """The service, its components, and in a line what is agreed about it."""
    said = {name: value for name, value in document.items() if value != ""}
    parts = [
        record(said, but=("id", "version", "components", "sla")),
        table(document["components"], COMPONENTS, empty="no components"),
    ]
    return "\n\n".join([*parts, *map(_agreed, document.get("sla") or ())])


def _agreed(sla: dict[str, Any]) -> str:
    left, status = duration(sla["budget_remaining_s"]), str(sla["status"]).replace("_", " ")
    return (
        f"agreement {sla['name']}: {share(sla['target'])} over {sla['period']}, actual {share(sla['actual'])}, "
        f"{left} of the budget left, {status}; see: sla explain {sla['name']}"
    )


def _tree(document: dict[str, Any]) -> str:
    lines = [f"{document['name']} [{document['state']}]"]
    for component in document["components"]:
        lines.append(f"  {component['name']} [{component['state']}] {component['rule']}")
        lines.extend(
            f"    {clean(item['name'])} [{item['state'] or 'not checked'}]  {item['id']}" for item in component["cis"]
        )
    return "\n".join(lines)


def _map(document: dict[str, Any]) -> str:
    """From services down to what they stand on, and which hosts carry them."""
    lines = [
        f"{'  ' * row['depth']}{clean(row['name'])}{_on(row)}{_bracketed(row)}  {clean(row['note'])}".rstrip()
        for row in document["down"]
    ]
    return "\n".join([*lines, "", table(document["up"], HOSTS, empty="no host carries anything")])


def _on(row: dict[str, Any]) -> str:
    return f" on {clean(row['host_name'])}" if row["host_name"] else ""


def _bracketed(row: dict[str, Any]) -> str:
    return "" if row["kind"] == "more" else f" [{row['state'] or 'not checked'}]"


def _points(rows: list[dict[str, Any]]) -> str:
    lines = [f"{row['class']} {clean(row['name'])} ({row['id']}): component {row['component']}" for row in rows]
    return "\n".join(lines) or "no single item takes it down"


service.add_command(
    list_command(
        "service.list",
        COLUMNS,
        help_="Services and their states.",
        empty="no services",
        view="services",
        options=(ALL,),
    )
)
service.add_command(show_command("show", "service.show", _name(), help_="One service.", render=_shown, options=(AT,)))
service.add_command(
    show_command(
        "tree", "service.tree", _name(), help_="A service's components and their items.", render=_tree, options=(AT,)
    )
)
service.add_command(
    show_command(
        "points",
        "service.points",
        _name(),
        help_="Single points of failure: what alone takes it down.",
        render=_points,
        options=(AT,),
    )
)
service.add_command(
    show_command(
        "map",
        "service.map",
        click.Argument(["name"], required=False, default=""),
        help_="From services (all, or one) down to what they stand on, and which hosts carry them.",
        render=_map,
        options=(AT,),
    )
)
for command in (
    service_edit.adding("service"),
    service_edit.setting("service"),
    service_edit.taking_out("service", "retire", "Offer it no more: it is kept, and not measured any longer."),
    service_edit.publish,
    service_edit.diff,
):
    service.add_command(command)
