"""`watchdeck sla forecast`, `causes`, `portfolio`, `lint`, `whatif`: what is ahead, missing, and could be promised."""

from __future__ import annotations

from typing import Any

import click

from cmdb.locations import Locations
from cmdb.practices.duration import spoken
from console.commands.asking import ask, list_command, show_command
from console.commands.options import with_state
from console.commands.sla_terms import NAME, json_option, share, terms_of, terms_option, whole
from console.commands.text import Column, clean, duration, print_json, say, shown, table
from console.exit_codes import Exit

FORECASTS = (
    Column("AGREEMENT", "agreement"),
    Column("STATUS", "status"),
    Column("BREACH AT", "breach_at"),
    Column("LEAD", lambda row: duration(row["lead_s"]), right=True),
    Column("NOTICED IN TIME", lambda row: whole(row["announced_share"]), right=True),
    Column("WHY", "why"),
)
GAPS = (Column("AGREEMENT", "agreement"), Column("TERM", "what"), Column("WHY", "why"), Column("WRITE", "next_step"))
PORTFOLIO = (
    Column("SERVICE", "service"),
    Column("AGREEMENT", "name"),
    Column("TARGET", lambda row: share(row["target"]), right=True),
    Column("KEPT", lambda row: f"{row['kept']}/{row['months']}", right=True),
    Column("COST", "cost", right=True),
    Column("A NINE", "cost_per_nine", right=True),
    Column("VALUE", "value", right=True),
    Column("VALUE/COST", "value_per_cost", right=True),
    Column("CHECKS/H", "checks_an_hour", right=True),
    Column("KWH/MONTH", "kwh_a_month", right=True),
)

forecast = list_command(
    "sla.forecast",
    FORECASTS,
    name="forecast",
    help_="Which agreements will be breached at the present trend, and when.",
    empty="no agreements",
    view="sla",
    options=(NAME,),
)
portfolio = list_command(
    "sla.portfolio", PORTFOLIO, name="portfolio", help_="Compliance, value and spend.", empty="none", view="sla"
)


def _causes(document: dict[str, Any]) -> str:
    """From the agreement down to what changed before its incidents."""
    verdict = {True: "kept so far", False: "below its target so far", None: "no data"}[document["kept"]]
    down, allowed = (spoken(document[name]) for name in ("down_s", "budget_s"))
    lines = [f"{document['name']} [{verdict}] {down} down of {allowed} allowed, {share(document['actual'])}"]
    for cause in document["causes"]:
        lines.append(
            f"  {clean(cause['cause'])}: {spoken(cause['down_s'])} ({cause['share']:.0%}), {cause['outages']}x"
        )
        for incident in cause["incidents"]:
            ended = f", {clean(incident['ended'])}" if incident["ended"] else ""
            lines.append(f"    INC-{incident['number']} [{incident['state']}] {clean(incident['title'])}{ended}")
            lines.extend(f"      {shown(one['at'])}  {clean(one['what'])}" for one in incident["suspects"])
    return "\n".join(lines if document["causes"] else [*lines, "  nothing took it down"])


causes = show_command(
    "causes",
    "sla.causes",
    click.Argument(["name"]),
    help_="What took its service down, the costliest first, with incidents and what changed before them.",
    render=_causes,
    options=(click.Option(["--period"], metavar="P", help="Another period than the agreement's: 7d, 30d, month."),),
)


@click.command()
@click.argument("name", required=False, default="")
@json_option
@with_state
def lint(locations: Locations, name: str, as_json: bool) -> int:
    """What agreements lack to be complete; 1 when there is a gap."""
    gaps = ask(locations, "sla.lint", name=name)
    if as_json:
        print_json(gaps)
    else:
        say(table(gaps, GAPS, empty="nothing is missing"))
    return Exit.WRONG if gaps else Exit.DONE


@click.command()
@click.argument("name")
@terms_option
@click.option("--months", type=click.IntRange(1, 60), default=12, show_default=True, metavar="N")
@json_option
@with_state
def whatif(locations: Locations, name: str, pairs: tuple[str, ...], months: int, as_json: bool) -> None:
    """Other terms replayed on the recorded months."""
    found = ask(locations, "sla.whatif", name=name, terms=terms_of(pairs), months=months)
    if as_json:
        print_json(found)
        return
    for word in ("now", "then"):
        terms = found[word]
        say(f"{word}: {share(terms['target'])} over {terms['hours']} ({terms['timezone']})\n  {terms['line']}")
    rows = [
        {"month": now["start"], "now": now, "then": then}
        for now, then in zip(found["now"]["months"], found["then"]["months"], strict=True)
    ]
    columns = (
        Column("MONTH", lambda row: f"{row['month']:%Y-%m}"),
        Column("ACTUAL NOW", lambda row: share(row["now"]["actual"]), right=True),
        Column("KEPT NOW", lambda row: row["now"]["kept"]),
        Column("ACTUAL THEN", lambda row: share(row["then"]["actual"]), right=True),
        Column("KEPT THEN", lambda row: row["then"]["kept"]),
    )
    say("\n" + table(rows, columns, empty=""))


COMMANDS = (forecast, causes, portfolio, lint, whatif)
