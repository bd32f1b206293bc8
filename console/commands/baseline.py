"""`watchdeck baseline`: what was approved, what drifted from it, and the odd one out of a group."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from cmdb.locations import Locations
from console.commands.asking import ask, list_command, show_command
from console.commands.options import Moment, with_state
from console.commands.text import Column, age, brief, clean, print_json, say, shown, table
from console.exit_codes import Exit

COLUMNS = (
    Column("BASELINE", "name"),
    Column("OF", "ci_name"),
    Column("DRIFT", "drift", right=True),
    Column("WAIVED", "waived", right=True),
    Column("ITEMS", "items", right=True),
    Column("SET", lambda row: age(row["at"]), right=True),
    Column("BY", "by"),
    Column("ID", "ci"),
)
DRIFT_COLUMNS = (
    Column("OF", "ci_name"),
    Column("ITEM", "item"),
    Column("ATTRIBUTE", lambda row: row["attribute"] or "(item)"),
    Column("WHAT", "kind"),
    Column("APPROVED", lambda row: brief(row["approved"])),
    Column("ACTUAL", lambda row: brief(row["actual"])),
    Column("LET BE", "waived"),
)
ODD_COLUMNS = (
    Column("ODD ONE", "name"),
    Column("ITEM", "item"),
    Column("ATTRIBUTE", lambda row: row["attribute"] or "(item)"),
    Column("VALUE", lambda row: brief(row["value"])),
    Column("USUAL", lambda row: brief(row["usual"])),
    Column("SHARE", lambda row: f"{row['share']:.0%}", right=True),
)


@click.group()
def baseline() -> None:
    """Approved states: set, list, drift, accept, ignore; the odd one out of a group."""


def _reason(*, required: bool = False) -> click.Option:
    return click.Option(["-m", "text"], metavar="TEXT", required=required, help="Why.")


ITEM = (
    click.Argument(["id"], metavar="ID"),
    click.Argument(["item"], metavar="ITEM"),
    click.Argument(["attribute"], required=False, metavar="[ATTRIBUTE]"),
)


@baseline.command("set", help="Approve an item, a host with all that is on it, or a group of hosts, as it is now.")
@click.argument("id", required=False, metavar="[ID]")
@click.option("--filter", "filter_", metavar="EXPR", help="A group: the hosts that match.")
@click.option("--name", metavar="NAME", help="What the group is called.")
@click.option("-m", "text", metavar="TEXT", help="Why.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def set_(locations: Locations, id: str | None, filter_: str | None, as_json: bool, **more: Any) -> None:  # noqa: A002
    rows = ask(locations, "baseline.set", id=id, filter=filter_, **more)
    if as_json:
        print_json(rows)
    else:
        say(table(rows, COLUMNS, empty="nothing was approved"))


baseline.add_command(
    list_command("baseline.list", COLUMNS, help_="Approved states.", empty="nothing is approved", view="baselines")
)


@baseline.command("drift", help="What is not as it was approved. Exit status 1 where something is not.")
@click.argument("id", required=False, metavar="[ID]")
@click.option("--all", "all_", is_flag=True, default=None, help="Also what is let be.")
@click.option("--at", type=Moment(), metavar="TIME", help="As it was at that moment.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def drift(
    locations: Locations,
    id: str | None,  # noqa: A002
    all_: bool | None,
    at: datetime | None,
    as_json: bool,
) -> int:
    rows = ask(locations, "baseline.drift", id=id, all=all_, at=at)
    if as_json:
        print_json(rows)
    else:
        say(table(rows, DRIFT_COLUMNS, empty="everything is as it was approved"))
    return Exit.WRONG if any(not row["waived"] for row in rows) else Exit.DONE


baseline.add_command(
    show_command(
        "odd",
        "baseline.odd",
        click.Argument(["filter"], metavar="EXPR"),
        help_="Of the hosts that match EXPR, those that are not like most.",
        render=lambda rows: table(rows, ODD_COLUMNS, empty="all are alike"),
    )
)


def _step(name: str, help_: str, done: str, *params: click.Parameter) -> None:
    @baseline.command(name, help=help_)
    @click.option("--json", "as_json", is_flag=True, help="The baseline as one JSON document.")
    @with_state
    def command(locations: Locations, as_json: bool, **arguments: Any) -> None:
        row = ask(locations, f"baseline.{name}", **arguments)
        if as_json:
            print_json(row)
        else:
            left = f"; {shown(row['drift'])} drifted, {shown(row['waived'])} let be" if row else ""
            say(f"{clean(row.get('ci_name', arguments['id']))}: {done}{left}")

    command.params[:0] = params


_step("accept", "Approve an item (or one attribute of it) as it is now.", "approved", *ITEM)
_step(
    "ignore",
    "Let drift of an item (or one attribute of it) be, with a reason.",
    "let be",
    *ITEM,
    _reason(required=True),
    click.Option(["--until"], type=Moment(), metavar="TIME", help="Until then."),
)
_step("remove", "There is no approved state of this any more.", "removed", ITEM[0])
