"""Silences: for a while nobody is told of what they match. An end, a reason and a matcher that means something."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from cmdb.model.silence import Silence
from cmdb.practices.matcher import Labels, all_match, matches_nothing_in_particular, parse_matcher

ENDS_SOON = timedelta(hours=1)


def silence_error(silence: Silence) -> str:
    """Why it cannot be taken; empty when it can."""
    try:
        matchers = [parse_matcher(text) for text in silence.matchers]
    except ValueError as error:
        return str(error)
    if matches_nothing_in_particular(matchers):
        return "it needs at least one matcher that does not hold for an empty label"
    if not silence.reason.strip():
        return "it needs a reason"
    return "it ends before it begins" if silence.end <= silence.start else ""


def silenced_by(silences: Iterable[Silence], labels: Labels, at: datetime) -> Silence | None:
    """The silence that holds for these labels now, the one that lasts longest."""
    holding = [
        one for one in silences if one.start <= at < one.end and all_match(map(parse_matcher, one.matchers), labels)
    ]
    return max(holding, key=lambda one: one.end, default=None)


def ending_soon(silences: Iterable[Silence], at: datetime) -> list[Silence]:
    """Those that end within the hour, soonest first."""
    return sorted((one for one in silences if at < one.end <= at + ENDS_SOON), key=lambda one: one.end)
