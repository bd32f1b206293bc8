"""`watchdeck check history` and `check series`: what a check went through, and what it measured."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from cmdb.locations import Locations
from console.commands.asking import ask
from console.commands.options import Moment, with_state
from console.commands.text import Column, clean, duration, print_json, say, shown, table
from console.sparkline import binned, sparkline

MOST_COLUMNS = 60


def state_of(row: Mapping[str, Any]) -> str:
    """With the attempt while it is soft."""
    return row["state"] if row["hard"] else f"{row['state']} ({row['attempt']})"


COLUMNS = (
    Column("AT", "at"),
    Column("STATE", state_of),
    Column("LASTED", lambda row: duration(row["lasted_s"]), right=True),
    Column("REASON", "reason"),
    Column("OUTPUT", "output"),
)


@click.command()
@click.argument("id_", metavar="ID")
@click.option("--since", type=Moment(), metavar="TIME", help="From then on.")
@click.option("--until", type=Moment(), metavar="TIME", help="Until then.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N, the newest.  [default: 100]")
@click.option("--failures", is_flag=True, help="The results of what was not well, whole.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def history(
    locations: Locations,
    id_: str,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    failures: bool,
    as_json: bool,
) -> None:
    """Every change of a check's state, newest first."""
    rows = ask(locations, "check.history", id=id_, since=since, until=until, limit=limit)
    if failures:
        rows = [row for row in rows if row["result"]]
    if as_json:
        print_json(rows)
    elif failures:
        say("\n\n".join(failure_text(row) for row in rows) or "no failures")
    else:
        say(table(rows, COLUMNS, empty="no result yet"))


@click.command()
@click.argument("id_", metavar="ID")
@click.option("--metric", metavar="NAME", help="Only this one.")
@click.option("--span", type=click.Choice(["1m", "1h", "1d"]), help="By the minute, hour or day; else what suits.")
@click.option("--since", type=Moment(), metavar="TIME", help="From then on.  [default: 3h]")
@click.option("--until", type=Moment(), metavar="TIME", help="Until then.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_state
def series(
    locations: Locations,
    id_: str,
    metric: str | None,
    span: str | None,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
) -> None:
    """What a check measured, a line a metric."""
    document = ask(locations, "check.series", id=id_, metric=metric, span=span, since=since, until=until)
    if as_json:
        print_json(document)
    else:
        say("\n".join(series_lines(document)) or "nothing was measured in that time")


def series_lines(document: Mapping[str, Any]) -> list[str]:
    """Each metric as a sparkline with its last value and its ends."""
    width = max((len(clean(metric["name"])) for metric in document["metrics"]), default=0)
    return [_series_line(metric, document, width) for metric in document["metrics"]]


def _series_line(metric: Mapping[str, Any], document: Mapping[str, Any], width: int) -> str:
    points = metric["points"]
    since, until = document["since"], document["until"]
    step_s = max({"1m": 60, "1h": 3600, "1d": 86400}[document["span"]], document["interval_s"] or 0)
    columns = max(1, min(MOST_COLUMNS, int((until - since).total_seconds() / step_s)))
    drawn = sparkline(binned([(point["at"], point["mean"]) for point in points], since, until, columns))
    low, high = min(point["min"] for point in points), max(point["max"] for point in points)
    unit = clean(metric["unit"])
    name, last = clean(metric["name"]).ljust(width), shown(points[-1]["last"])
    return f"{name}  {drawn}  {last}{unit}  ({shown(low)} to {shown(high)})"


def failure_text(row: Mapping[str, Any]) -> str:
    """One failed run with all that is known of it."""
    result = row["result"]
    phases = "  ".join(f"{name} {value * 1000:.1f} ms" for name, value in result.get("phases", {}).items())
    lines = [
        f"{shown(row['at'])}  {state_of(row)}  {clean(row['output'])}",
        *(f"  {name:8}  {clean(str(result[name]))}" for name in ("address", "expected", "actual") if result.get(name)),
        *([f"  {'phases':8}  {clean(phases)}"] if phases else []),
        *(f"  {clean(line)}" for line in result.get("detail", "").splitlines()),
    ]
    return "\n".join(lines)
