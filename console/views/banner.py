"""What is said while there is no hub: why, when it is tried again, how old everything below is."""

from __future__ import annotations

from console.views.ink import Ink, Line
from console.views.moment import long_span
from console.views.text import clean


def banner(why: str, retry_in_s: float, age_s: float | None) -> Line:
    """One line; the reason may be cut, the countdown not."""
    when = f"again in {long_span(max(1, retry_in_s))}" if retry_in_s > 0 else "trying now"
    old = f", what you see is {long_span(age_s)} old" if age_s is not None else ""
    return ((f" No hub: {when}", Ink.CRITICAL), (f"{old}  ", Ink.WARNING), (clean(why), Ink.DIM))
