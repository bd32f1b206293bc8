from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.practices.availability import measure
from cmdb.practices.business_time import deadline, elapsed_s
from cmdb.practices.calendar import parse_calendar
from cmdb.practices.exclusion import without
from cmdb.services_file import load_services
from cmdb.toml_file import TomlError
from tests.unit.service_level_examples import interval, span, utc

ALWAYS = parse_calendar("24x7")
OFFICE = parse_calendar("Mon-Fri 09:00-17:00", "Europe/Madrid")
SUNDAY = span("2026-03-08 00:00", "2026-03-09 00:00")


def test_hours_of_every_week_are_taken_out() -> None:
    hours = without(ALWAYS, ["Sun 02:00-04:00"])
    assert elapsed_s(hours, *SUNDAY) == 22 * 3600
    assert hours.spoken == "24x7 but not Sun 02:00-04:00"
    assert deadline(hours, utc("2026-03-08 01:00"), 2 * 3600) == utc("2026-03-08 05:00")


def test_a_stretch_is_taken_out_once_in_the_zone_of_the_hours() -> None:
    hours = without(OFFICE, ["2026-12-24T12:00/2026-12-28"])
    assert elapsed_s(hours, utc("2026-12-24 00:00"), utc("2026-12-25 00:00")) == 3 * 3600
    assert elapsed_s(hours, utc("2027-12-23 23:00"), utc("2027-12-24 23:00")) == 8 * 3600


def test_an_outage_in_what_is_excluded_is_in_neither_term() -> None:
    record = [interval("up", SUNDAY.start, utc("2026-03-08 03:00")), interval("down", utc("2026-03-08 03:00"))]
    found = measure(record, without(ALWAYS, ["Sun 02:00-04:00"]), SUNDAY)
    assert (found.agreed_s, found.down_s) == (22 * 3600, 20 * 3600)


def test_planned_maintenance_stops_clocks_where_the_agreement_says_so() -> None:
    planned = [span("2026-03-08 10:00", "2026-03-08 12:00")]
    assert elapsed_s(without(ALWAYS, ["planned maintenance, told 5 days before"], planned), *SUNDAY) == 22 * 3600
    assert without(ALWAYS, ["force majeure"], planned) is ALWAYS


def test_exclusions_that_leave_nothing_are_refused(tmp_path: Path) -> None:
    service, terms = '[[service]]\nname = "shop"\n[service.sla]', 'hours = "Sun 02:00-04:00"\nexclusions = ["Sun 0-24"]'
    (tmp_path / "shop.toml").write_text(f"{service}\ntarget = 0.9\n{terms}\n")
    with pytest.raises(TomlError, match="leave no open hour") as refused:
        load_services(tmp_path)
    assert refused.value.line == 6
