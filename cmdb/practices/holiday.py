"""The days on which a calendar is closed: public holidays of a country or its subdivision, and own dates."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from cmdb.model.service import Holidays


@lru_cache(maxsize=512)
def closed_days(holidays: Holidays, year: int) -> frozenset[date]:
    """The closed days of that year. ValueError names what the rule gets wrong."""
    own = {day for text in holidays.dates if (day := _day(text, year))}
    worked = {day for text in holidays.except_dates if (day := _day(text, year))}
    return frozenset((_public(holidays, year) | own) - worked)


def _public(holidays: Holidays, year: int) -> set[date]:
    if not holidays.country:
        return set()
    # Loaded when the first calendar asks: most installations have none, and it costs 0.2 s.
    from holidays import country_holidays  # noqa: PLC0415

    try:
        return set(country_holidays(holidays.country, subdiv=holidays.subdivision or None, years=year))
    except NotImplementedError as error:
        where = f"{holidays.country}-{holidays.subdivision}" if holidays.subdivision else holidays.country
        raise ValueError(f"no public holidays known for {where!r}; use ISO 3166 codes (ES, or DE and BY)") from error


def _day(text: str, year: int) -> date | None:
    """That date if it lies in that year; a yearly 02-29 exists in leap years only."""
    yearly = len(text) == len("12-24")
    try:
        day = date.fromisoformat(f"2000-{text}" if yearly else text)
    except ValueError as error:
        raise ValueError(f"not a date: {text!r}; write 2026-12-24, or 12-24 for every year") from error
    if not yearly:
        return day if day.year == year else None
    try:
        return day.replace(year=year)
    except ValueError:
        return None
