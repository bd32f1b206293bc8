"""`watchdeck sla`: what was agreed, what was given, and every interval that says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from cmdb.practices.duration import spoken
from cmdb.report.plain import mark, spark
from console.commands import service_edit, sla_negotiation, sla_planning, sla_review
from console.commands.asking import list_command, show_command
from console.commands.options import AT
from console.commands.sla_terms import share
from console.commands.text import Column, duration, from_now, record, shown, table
from console.exit_codes import Exit

PERIOD = click.Option(["--period"], metavar="P", help="Another period than the agreement's: 7d, 30d, month.")


COLUMNS = (
    Column("AGREEMENT", "name"),
    Column("SERVICE", "service"),
    Column("PERIOD", "period"),
    Column("TARGET", lambda row: share(row["target"]), right=True),
    Column("ACTUAL", lambda row: share(row["actual"]), right=True),
    Column("BUDGET LEFT", lambda row: duration(row["budget_remaining_s"]), right=True),
    Column("BURN", "burn", right=True),
    Column("STATUS", "status"),
)
INTERVALS = (
    Column("FROM", "start"),
    Column("TO", lambda row: shown(row["end"]) if row["end"] else "now"),
    Column("STATE", "state"),
    Column("COUNTED", lambda row: spoken(row["counted_s"]), right=True),
    Column("WHY", "why"),
)


@click.group()
def sla() -> None:
    """Agreements: actual against target, budget left, and why."""


def _name() -> click.Argument:
    return click.Argument(["name"])


def _shown(document: dict[str, Any]) -> str:
    """The terms and figures, and the budget's way through the period."""
    curve = [max(0.0, point["left"]) for point in document["curve"][::2]]
    days = "".join(mark(day["share"]) for day in document["days"])
    drawn = [f"budget  {spark(curve)}", f"days    {days}"] if curve else []
    said = {name: value for name, value in document.items() if value != "" and name not in _IN_OTHER_WORDS}
    facts = record(_figures(document) | said)
    return "\n".join([facts, *drawn, f"why: sla explain {document['name']}"])


_IN_OTHER_WORDS = frozenset(
    {
        "id", "version", "target", "respond_minutes", "resolve_minutes", "actual", "burn", "budget_s", "status",
        "period",
        "budget_remaining", "budget_remaining_s", "agreed_s", "down_s", "degraded_s", "maintenance_s", "unknown_s",
        "breach_forecast_at", "window", "measured", "curve", "intervals", "days", "burns",
    }
)  # fmt: skip


def _figures(document: dict[str, Any]) -> dict[str, Any]:
    """What was agreed and what was given, in units that people count in."""
    left, breach_at = document["budget_remaining_s"], document["breach_forecast_at"]
    return {
        "status": str(document["status"]).replace("_", " "),
        "target": f"{share(document['target'])} over {document['period']}",
        "actual": share(document["actual"]),
        "budget": f"{spoken(document['budget_s'])}, {'-' if left < 0 else ''}{spoken(left)} left, burning "
        f"{document['burn']:.1f} times as quickly as it may",
        "breach": f"{shown(breach_at)} ({from_now(breach_at)}) if this goes on" if breach_at else None,
        "agreed": f"{spoken(document['agreed_s'])} until now: {_parts(document)}",
        "respond": _minutes(document["respond_minutes"]),
        "resolve": _minutes(document["resolve_minutes"]),
    }


def _parts(document: dict[str, Any]) -> str:
    """What the time was, as far as it was anything but up."""
    named = {"down": "down_s", "degraded": "degraded_s", "maintenance": "maintenance_s", "not observed": "unknown_s"}
    found = [f"{spoken(document[field])} {word}" for word, field in named.items() if document[field]]
    return ", ".join(found) or "up all the time"


def _minutes(by_priority: dict[str, int]) -> str | None:
    """`P1 15 min, P2 4 h`."""
    told = [f"P{priority} {spoken(minutes * 60)}" for priority, minutes in by_priority.items()]
    return ", ".join(told) or None


def _explained(document: dict[str, Any]) -> str:
    figures = table([document], COLUMNS, empty="")
    how = "\n".join(_how(document))
    return f"{figures}\n\n{how}\n\n{table(document['intervals'], INTERVALS, empty='nothing was observed')}"


def _how(document: dict[str, Any]) -> Iterator[str]:
    """Each figure with what it is made of."""
    observed_s = document["agreed_s"] - document["unknown_s"]
    down_s, left_s = document["down_s"], document["budget_remaining_s"]
    yield (
        f"actual   ({spoken(observed_s)} observed - {spoken(down_s)} down) / {spoken(observed_s)} = "
        f"{share(document['actual'])}; {spoken(document['unknown_s'])} not observed and "
        f"{spoken(document['maintenance_s'])} of planned maintenance are in neither"
    )
    yield (
        f"budget   {share(1 - document['target'])} of the service time of {document['period']} = "
        f"{spoken(document['budget_s'])}; {spoken(down_s)} used, {'-' if left_s < 0 else ''}{spoken(left_s)} left"
    )
    burns = ", ".join(f"{one['burn']:.1f} over {spoken(one['window_s'])}" for one in document["burns"])
    yield f"burn     {document['burn']:.1f}, the most that a short and its long window share: {burns}"
    if found := document.get("answers"):
        yield (
            f"answers  {share(found['within'])} of {found['count']} came in {found['target_ms']:g} ms, "
            f"{share(found['target_share'])} were agreed, and took {found['actual_ms']:.0f} ms"
        )
    yield f"hours    {document['hours']} ({document['timezone']})"


def _kept(document: dict[str, Any]) -> int:
    return Exit.WRONG if document["status"] == "breached" else Exit.DONE


sla.add_command(
    list_command(
        "sla.list",
        COLUMNS,
        help_="Agreements in force: actual against target.",
        empty="no agreements",
        view="sla",
        options=(PERIOD,),
    )
)
sla.add_command(
    show_command("show", "sla.show", _name(), help_="One agreement.", render=_shown, status=_kept, options=(PERIOD, AT))
)
sla.add_command(
    show_command(
        "explain",
        "sla.explain",
        _name(),
        help_="Every interval that was counted, and why.",
        render=_explained,
        options=(PERIOD, AT),
    )
)
EDITING = (
    service_edit.adding("sla"),
    service_edit.setting("sla"),
    service_edit.taking_out("sla", "remove", "Take an agreement out of its file."),
)
for command in (*EDITING, *sla_planning.COMMANDS, *sla_negotiation.COMMANDS, *sla_review.COMMANDS):
    sla.add_command(command)
