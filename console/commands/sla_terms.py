"""What the `sla` commands share: terms on the command line, and shares as people read them."""

from __future__ import annotations

import tomllib
from typing import Any

import click

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
    """`target=99.9%` and the like; a value that is TOML is that, any other is text."""
    terms = {}
    for pair in pairs:
        term, equals, text = pair.partition("=")
        if not equals or not term.strip():
            raise click.BadParameter(f"{pair!r} is not TERM=VALUE", param_hint="--set")
        terms[term.strip()] = _value(text)
    return terms


def edited_terms(pairs: tuple[str, ...]) -> dict[str, Any]:
    """The same; nothing after the equals sign takes the term out."""
    return {term: None if value == "" else value for term, value in terms_of(pairs).items()}


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
