"""`watchdeck report NAME`: what a period was like, as Markdown, HTML, text or JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import msgspec

from cmdb.locations import Locations
from cmdb.model.service_review import ServiceReview
from cmdb.practices.review_report import review_report
from cmdb.report.html import as_html
from cmdb.report.markdown import as_markdown
from cmdb.report.plain import as_text
from console.commands.asking import ask
from console.commands.options import with_state
from console.commands.text import print_json

RENDERERS = {"md": as_markdown, "html": as_html, "text": as_text}


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--period` and `--format` of every report."""
    formats = click.Choice([*RENDERERS, "json"])
    command = click.option("--format", "format_", type=formats, default="text", show_default=True)(command)
    return click.option(
        "--period", default="last-month", show_default=True, metavar="P", help="7d, month, last-month, START/END."
    )(command)


def show_report(document: dict[str, Any], format_: str) -> None:
    """A service review in one of the forms."""
    if format_ == "json":
        print_json(document)
    else:
        click.echo(RENDERERS[format_](review_report(msgspec.convert(document, ServiceReview))), nl=False)


@click.group()
def report() -> None:
    """Reports over a period."""


@report.command()
@click.argument("name", required=False, default="")
@report_options
@with_state
def sla(locations: Locations, name: str, period: str, format_: str) -> None:
    """What was agreed, what was given, what took services down."""
    show_report(ask(locations, "report.sla", name=name, period=period), format_)
