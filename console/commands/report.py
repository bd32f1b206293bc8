"""`watchdeck report NAME`: what a period was like, as Markdown, HTML, text or JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import msgspec

from cmdb.locations import Locations
from cmdb.model.service_review import ServiceReview
from cmdb.practices.incident_figures import IncidentFigures
from cmdb.practices.incident_report import incident_report
from cmdb.practices.review_report import review_report
from cmdb.report.document import Document
from cmdb.report.html import as_html
from cmdb.report.markdown import as_markdown
from cmdb.report.plain import as_text
from console.commands.asking import ask
from console.commands.options import with_state
from console.commands.printing import print_pdf
from console.commands.text import print_json

RENDERERS = {"md": as_markdown, "html": as_html, "text": as_text}
FORMATS = (*RENDERERS, "pdf", "json")


TIMEZONE = click.option(
    "--timezone",
    default="",
    metavar="ZONE",
    help="Where the period's days begin.  [default: where all services have it]",
)


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--period` and `--format` of every report."""
    command = click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)(
        command
    )
    return click.option(
        "--period", default="last-month", show_default=True, metavar="P", help="7d, month, last-month, START/END."
    )(command)


def show_report(locations: Locations, document: dict[str, Any], format_: str) -> None:
    """A service review in one of the forms."""
    if format_ == "json":
        print_json(document)
    else:
        say_document(locations, review_report(msgspec.convert(document, ServiceReview)), format_)


def say_document(locations: Locations, document: Document, format_: str) -> None:
    """A report on stdout."""
    if format_ == "pdf":
        print_pdf(document, locations)
    else:
        click.echo(RENDERERS[format_](document), nl=False)


@click.group()
def report() -> None:
    """Reports over a period."""


@report.command()
@click.argument("name", required=False, default="")
@report_options
@TIMEZONE
@with_state
def sla(locations: Locations, name: str, period: str, format_: str, timezone: str) -> None:
    """What was agreed, what was given, what took services down."""
    show_report(locations, ask(locations, "report.sla", name=name, period=period, timezone=timezone), format_)


@report.command()
@report_options
@click.option("--timezone", metavar="ZONE", help="Whose nights and weekends are counted.  [default: UTC]")
@with_state
def incidents(locations: Locations, period: str, format_: str, timezone: str | None) -> None:
    """How soon incidents were answered and ended, which checks made noise, what nights were like."""
    found = ask(locations, "report.incidents", period=period, timezone=timezone)
    if format_ == "json":
        print_json(found)
    else:
        figures = msgspec.convert(found, IncidentFigures, strict=False)
        say_document(locations, incident_report(figures), format_)
