from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.model.service import Component, Holidays
from cmdb.services_file import load_services
from cmdb.toml_file import TomlError

SHOP = """\
[[service]]
name = "shop"
title = "Web shop"
owner = "mia"
criticality = 1
hours = "Mon-Fri 08:00-13:00,14:00-18:00"
timezone = "Europe/Madrid"
holidays = { country = "ES", subdivision = "MD", dates = ["12-24"] }

[[service.component]]
name = "web"
select = "class=endpoint name=~web"
rule = 2

[[service.component]]
name = "disk"
select = "class=filesystem"
effect = "degraded"

[service.sla]
period = "30d"
target = "99.9%"
respond = { 1 = "15m", 2 = 30 }
resolve = { 1 = "4h" }
"""


def write(folder: Path, text: str, name: str = "shop.toml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder


def test_a_service_its_components_and_its_agreement_are_read(tmp_path: Path) -> None:
    declared = load_services(write(tmp_path, SHOP))
    [shop], [agreement] = declared.services, declared.agreements
    assert (shop.id, shop.title, shop.owner, shop.criticality, shop.source) == (
        "shop",
        "Web shop",
        "mia",
        1,
        "shop.toml",
    )
    assert shop.components == (
        Component(name="web", select="class=endpoint name=~web", rule="2"),
        Component(name="disk", select="class=filesystem", effect="degraded"),
    )
    assert shop.holidays == Holidays(country="ES", subdivision="MD", dates=("12-24",))
    assert (agreement.name, agreement.service, agreement.target) == ("shop", "shop", 0.999)
    assert agreement.respond_minutes == {"1": 15, "2": 30}
    assert agreement.resolve_minutes == {"1": 240}


def test_an_agreement_may_say_everything_that_a_contract_says(tmp_path: Path) -> None:
    whole = (
        SHOP
        + """\
kind = "ola"
customer = "sales"
provider = "operations"
hours = "Mon-Fri 09:00-17:00"
pauses = ["waiting for the user"]
method = "checks of all web servers"
exclusions = ["planned maintenance"]
consequences = "10 % credit"
penalty = 500
cost = 120.5
leans_on = ["hosting"]
stakeholders = ["mia@example.org"]
notice = "2d"
review_on = 2027-01-15
"""
    )
    [agreement] = load_services(write(tmp_path, whole)).agreements
    assert (agreement.kind, agreement.hours, agreement.pauses) == (
        "ola",
        "Mon-Fri 09:00-17:00",
        ("waiting for the user",),
    )
    assert (agreement.penalty, agreement.cost, agreement.value) == (500, 120.5, None)
    assert (agreement.notice_h, agreement.review_on, agreement.leans_on) == (48, "2027-01-15", ("hosting",))


def test_without_a_folder_nothing_is_declared(tmp_path: Path) -> None:
    assert load_services(tmp_path / "services.d").services == ()


def test_a_service_may_have_several_agreements(tmp_path: Path) -> None:
    more = SHOP + '\n[[service.agreement]]\nname = "shop-gold"\ntarget = 99.95\n'
    assert [agreement.target for agreement in load_services(write(tmp_path, more)).agreements] == [0.999, 0.9995]


@pytest.mark.parametrize(
    ("line", "written", "place", "why"),
    [
        ('name = "shop"', 'name = "The Shop"', "shop.toml:2: service[0].name", "is not a name"),
        ("criticality = 1", "criticality = 7", "shop.toml:5: service[0].criticality", "7|<= 3"),
        ("criticality = 1", "critical = 1", "shop.toml:5: service[0].critical", "not a known key"),
        ("Mon-Fri 08:00", "Mo-Fr 08:00", "shop.toml:6: service[0].hours", "not a day"),
        ("Europe/Madrid", "Europe/Madird", "shop.toml:7: service[0].timezone", "no such time zone"),
        ('country = "ES"', 'country = "EZ"', "shop.toml:8: service[0].holidays", "no public holidays"),
        ("rule = 2", "rule = 0", "shop.toml:13: service[0].component[0].rule", "is not a rule"),
        ('"class=filesystem"', '"=filesystem"', "shop.toml:17: service[0].component[1].select", "is no filter"),
        ('"class=filesystem"', '""', "shop.toml:17: service[0].component[1].select", "selects everything"),
        ('name = "disk"', 'name = "web"', "shop.toml:16: service[0].component[1].name", "two components"),
        ('period = "30d"', 'period = "fortnight"', "shop.toml:21: service[0].sla.period", "not a period"),
        ("99.9%", "999%", "shop.toml:22: service[0].sla.target", "not an availability"),
        ('1 = "15m"', '1 = "soon"', "shop.toml:23: service[0].sla.respond.1", "not a length of time"),
        ('1 = "15m"', '6 = "15m"', "shop.toml:23: service[0].sla.respond", "6|Invalid"),
        ('1 = "4h"', '1 = "90s"', "shop.toml:24: service[0].sla.resolve.1", "whole minutes"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_and_key(
    tmp_path: Path, line: str, written: str, place: str, why: str
) -> None:
    with pytest.raises(TomlError, match=why) as raised:
        load_services(write(tmp_path, SHOP.replace(line, written)))
    assert raised.value.what.endswith(place)


def test_a_name_may_be_declared_once_over_all_files(tmp_path: Path) -> None:
    write(tmp_path, SHOP)
    with pytest.raises(TomlError, match=r"declared already in shop\.toml"):
        load_services(write(tmp_path, SHOP, "zz.toml"))
