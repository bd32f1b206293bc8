"""`watchdeck ci`: the configuration items of the CMDB."""

from __future__ import annotations

from typing import Any

import click

from console.commands.asking import list_command, show_command
from console.commands.ci_find import diff, find
from console.commands.ci_group import ci_group
from console.commands.ci_identity import add_to
from console.commands.options import AT, Moment
from console.commands.text import Column, age, brief, clean, record, shown, table

VALUE_LENGTH = 200
AGENT_ID = 8
FEW = 8  # relations of one kind that are worth a line each
ARROWS = {"out": "→", "in": "←"}
CLASS = click.Option(["--class", "class"], metavar="C", help="Only this class.")
DEPTH = click.Option(["--depth"], type=click.IntRange(min=1), metavar="N", help="At most N relations away.")
COLUMNS = (
    Column("CLASS", "class"),
    Column("NAME", "name"),
    Column("STATUS", "status"),
    Column("SEEN", lambda row: age(row["last_seen"]), right=True),
    Column("ID", "id"),
)
HISTORY_COLUMNS = (
    Column("WHEN", "at"),
    Column("WHO", lambda row: _who(row["actor"])),
    Column("ATTRIBUTE", lambda row: row["attribute"] or "(item)"),
    Column("FROM", lambda row: brief(row["before"])),
    Column("TO", lambda row: brief(row["after"])),
    Column("WHY", "reason"),
)


@click.group()
def ci() -> None:
    """Configuration items: what there is, how it hangs together, what changed."""


def _who(actor: str) -> str:
    """An agent by the beginning of its id, which is 32 digits long."""
    kind, _, name = actor.partition(" ")
    return f"agent {name[:AGENT_ID]}" if kind == "agent" else actor


def _id() -> click.Argument:
    return click.Argument(["id"], metavar="ID")


def _shown(document: dict[str, Any]) -> str:
    parts = [record(document, but=("relations", "checks", "drift", "attributes", "metrics", "keys", "overrides"))]
    for section in ("attributes", "overrides", "metrics", "keys"):
        if document.get(section):
            values = {name: brief(value, VALUE_LENGTH) for name, value in document[section].items()}
            parts.append(f"{section}:\n{_indented(record(values))}")
    if document.get("drift"):
        lines = [
            f"{one['attribute']}: set to {shown(one['set'])}, observed {shown(one['observed'])}"
            for one in document["drift"]
        ]
        parts.append("drift:\n" + _indented("\n".join(lines)))
    if document.get("relations"):
        parts.append("relations:\n" + _indented("\n".join(_relations(document["relations"]))))
    if document.get("checks"):
        lines = [f"{check['state']:<9} {check['type']}  {shown(check['output'])}" for check in document["checks"]]
        parts.append("checks:\n" + _indented("\n".join(lines)))
    return "\n\n".join(parts)


def _relations(ends: list[dict[str, Any]]) -> list[str]:
    """One a line; of a kind that is there more often, the first few of them and how many more there are."""
    by_kind: dict[str, list[str]] = {}
    for end in ends:
        kind = f"{ARROWS[end['direction']]} {end['type']} {end['class']}"
        by_kind.setdefault(kind, []).append(clean(end["name"]))
    lines = []
    for kind, names in by_kind.items():
        if len(names) <= FEW:
            lines += [f"{kind} {name}" for name in names]
        else:
            lines.append(f"{kind} ({len(names)}): {', '.join(names[:FEW])}, … (--json lists them)")
    return lines


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _state(node: dict[str, Any]) -> str:
    return f" [{node['state']}]" if node["state"] else ""


def _group(node: dict[str, Any]) -> str:
    group = node.get("group")
    return f" ({group['needed']} needed of {clean(group['name'])})" if group else ""


def _graph(document: dict[str, Any]) -> str:
    lines = [
        f"{'  ' * node['distance']}{node['class']} {clean(node['name'])}{_state(node)}"
        f" via {clean(node['via'])}{_group(node)}"
        for node in document["nodes"]
    ]
    services = ", ".join(document.get("services", ())) or "none"
    spared = ", ".join(clean(one["name"]) for one in document.get("spared", ()))
    held = [f"held up by redundancy: {spared}"] if spared else []
    return "\n".join([*lines, *held, f"services: {services}"]) if lines or held else "nothing"


ci.add_command(find)
ci.add_command(diff)
ci.add_command(
    list_command(
        "ci.list",
        COLUMNS,
        help_="Configuration items.",
        empty="no configuration items match",
        view="ci",
        options=(CLASS,),
    )
)
ci.add_command(
    show_command("show", "ci.show", _id(), help_="One item with relations and checks.", render=_shown, options=(AT,))
)
ci.add_command(
    show_command(
        "history",
        "ci.history",
        _id(),
        help_="What changed on one item, newest first.",
        render=lambda rows: table(rows, HISTORY_COLUMNS, empty="nothing changed"),
        options=(
            click.Option(["--limit"], type=click.IntRange(min=1), metavar="N"),
            click.Option(["--since"], type=Moment(), metavar="TIME"),
            AT,
        ),
    )
)
ci.add_command(
    show_command("impact", "ci.impact", _id(), help_="What its failure reaches.", render=_graph, options=(DEPTH, AT))
)
ci.add_command(
    show_command("depends", "ci.depends", _id(), help_="What it stands on.", render=_graph, options=(DEPTH, AT))
)
add_to(ci)
ci.add_command(ci_group)
