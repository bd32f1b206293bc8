"""What each ink looks like. Colour only where it carries state; one accent says where one is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from console.views.ink import Ink


@dataclass(frozen=True)
class Look:
    """A theme: Textual's own part, and ours. `ground`, `cursor` and `bar` are backgrounds."""

    theme: Theme
    inks: Mapping[Ink, Style]
    ground: Style
    cursor: Style
    bar: Style


def _look(name: str, *, dark: bool, background: str, bar: str, cursor: str, **inks: str) -> Look:
    theme = Theme(
        name,
        primary=inks["accent"],
        accent=inks["accent"],
        foreground=inks["text"],
        background=background,
        surface=background,
        panel=bar,
        error=inks["critical"],
        warning=inks["warning"],
        success=inks["ok"],
        dark=dark,
        variables={"bar": bar, "cursor": cursor, "faint": inks["faint"], "dim": inks["dim"]},
    )
    styles = {Ink(ink): Style(color=colour) for ink, colour in inks.items()}
    styles[Ink.STRONG] += Style(bold=True)
    styles[Ink.CRITICAL] += Style(bold=True)
    styles[Ink.BADGE] = Style(color=background, bgcolor=inks["accent"], bold=True)
    return Look(theme, styles, Style(bgcolor=background), Style(bgcolor=cursor), Style(bgcolor=bar))


NIGHT = _look(
    "night",
    dark=True,
    background="#0e1216",
    bar="#161c22",
    cursor="#1f2933",
    text="#c3ccd5",
    strong="#eef2f5",
    dim="#7f8b97",
    faint="#48525c",
    accent="#58b4c4",
    ok="#7fae6e",
    warning="#e0a243",
    critical="#f0555f",
    unknown="#b590d6",
)
DAY = _look(
    "day",
    dark=False,
    background="#fbfaf7",
    bar="#efede7",
    cursor="#e2e6ea",
    text="#2b333b",
    strong="#0b1016",
    dim="#66717c",
    faint="#a9b1b9",
    accent="#00708a",
    ok="#3f7a2a",
    warning="#9a6200",
    critical="#c01a2b",
    unknown="#7b4aa8",
)
CONTRAST = _look(
    "contrast",
    dark=True,
    background="#000000",
    bar="#000000",
    cursor="#003a5c",
    text="#ffffff",
    strong="#ffffff",
    dim="#d0d0d0",
    faint="#a0a0a0",
    accent="#00e5ff",
    ok="#5dff5d",
    warning="#ffd000",
    critical="#ff7a7a",
    unknown="#e0a0ff",
)


def _sixteen() -> Look:
    """The terminal's own sixteen colours, over its own background."""
    inks = {
        Ink.TEXT: Style(),
        Ink.STRONG: Style(bold=True),
        Ink.DIM: Style(dim=True),
        Ink.FAINT: Style(dim=True),
        Ink.ACCENT: Style(color="cyan"),
        Ink.OK: Style(color="green"),
        Ink.WARNING: Style(color="yellow"),
        Ink.CRITICAL: Style(color="red", bold=True),
        Ink.UNKNOWN: Style(color="magenta"),
        Ink.BADGE: Style(reverse=True, bold=True),
    }
    stock = BUILTIN_THEMES["ansi-dark"]
    ours = {"bar": "ansi_default", "cursor": "ansi_blue", "faint": "ansi_bright_black", "dim": "ansi_white"}
    theme = replace(stock, name="sixteen", primary="ansi_cyan", accent="ansi_cyan", variables=stock.variables | ours)
    return Look(theme, inks, Style(), Style(reverse=True), Style())


SIXTEEN = _sixteen()
LOOKS = {look.theme.name: look for look in (NIGHT, DAY, CONTRAST, SIXTEEN)}
