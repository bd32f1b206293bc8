"""What the `sla` commands share: terms on the command line, and shares as people read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from console.terms import parse_edits, parse_terms

NAME = click.Option(["--name"], metavar="NAME", help="Only this agreement.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document.")
terms_option = click.option(
    "--set", "pairs", multiple=True, metavar="TERM=VALUE", help="A term as in services.d: target=99.9%, cost=120."
)


def share(value: float | None) -> str:
    return "no data" if value is None else f"{value * 100:.4f}".rstrip("0").rstrip(".") + "%"


def whole(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def terms_of(pairs: tuple[str, ...]) -> dict[str, Any]:
    """The terms of the command line."""
    return _understood(parse_terms, pairs)


def edited_terms(pairs: tuple[str, ...]) -> dict[str, Any]:
    """The same; nothing after the equals sign takes the term out."""
    return _understood(parse_edits, pairs)


def _understood(parse: Callable[[tuple[str, ...]], dict[str, Any]], pairs: tuple[str, ...]) -> dict[str, Any]:
    try:
        return parse(pairs)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--set") from error
