"""Which signs and colours this terminal can show, from its environment."""

from __future__ import annotations

from collections.abc import Mapping

from console.views.glyphs import ASCII, UNICODE, Glyphs


def glyphs_of(environment: Mapping[str, str]) -> Glyphs:
    """ASCII when asked for (`WATCHDECK_ASCII`) or when the locale or terminal has nothing else."""
    if environment.get("WATCHDECK_ASCII", "") not in {"", "0"} or environment.get("TERM") in {"dumb", "vt100", "vt220"}:
        return ASCII
    locale = next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "UTF-8")
    return UNICODE if "utf" in locale.lower().replace("-", "") else ASCII


def has_sixteen_colours(environment: Mapping[str, str]) -> bool:
    """No more than that, as far as it says: a console of the kernel, an old emulator."""
    if environment.get("COLORTERM", "") in {"truecolor", "24bit"}:
        return False
    return environment.get("TERM", "") in {
        "linux",
        "ansi",
        "xterm",
        "xterm-16color",
        "screen",
        "rxvt",
        "vt100",
        "vt220",
    }
