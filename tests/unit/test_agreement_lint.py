from __future__ import annotations

from datetime import date

import msgspec
import pytest

from cmdb.model.service import Agreement, Component, Service
from cmdb.practices.agreement_lint import lint

TODAY = date(2026, 11, 20)
SHOP = Service(
    id="shop", name="shop", hours="Mon-Fri 9-17", components=(Component(name="web", select="class=endpoint"),)
)
WHOLE = Agreement(
    id="shop",
    name="shop",
    service="shop",
    target=0.999,
    respond_minutes={"1": 15},
    resolve_minutes={"1": 240},
    method="checks of all web servers",
    exclusions=("planned maintenance",),
    consequences="10 % credit",
    review_on="2027-01-15",
    stakeholders=("mia@example.org",),
    leans_on=("hosting",),
)
HOSTING = msgspec.structs.replace(WHOLE, id="hosting", name="hosting", kind="contract", target=0.9995, leans_on=())


def gaps(agreement: Agreement, service: Service = SHOP, under: Agreement = HOSTING) -> list[str]:
    found = lint(agreement, {agreement.name: agreement, under.name: under}, {service.name: service}, TODAY)
    return [gap.what for gap in found]


def test_a_whole_agreement_has_no_gap() -> None:
    assert gaps(WHOLE) == []


def test_an_agreement_of_nothing_but_a_target_lacks_everything() -> None:
    bare = Agreement(id="shop", name="shop", service="shop", target=0.999)
    assert gaps(bare) == [
        "method",
        "exclusions",
        "consequences",
        "respond",
        "resolve",
        "review_on",
        "stakeholders",
    ]


@pytest.mark.parametrize(
    ("terms", "gap"),
    [
        ({"service": "nothing"}, "service"),
        ({"target": 1.0, "leans_on": ()}, "target"),
        ({"respond_minutes": {"1": 300}}, "respond.1"),
        ({"leans_on": ("nobody",)}, "leans_on"),
        ({"review_on": "2026-01-01"}, "review_on"),
        ({"exclusions": ("force majeure",)}, "exclusions"),
        ({"period": "14d"}, "period"),
    ],
)
def test_each_contradiction_is_named(terms: dict[str, object], gap: str) -> None:
    assert gaps(msgspec.structs.replace(WHOLE, **terms)) == [gap]


def test_what_it_leans_on_must_promise_as_much() -> None:
    weaker = msgspec.structs.replace(HOSTING, target=0.99, resolve_minutes={"1": 480})
    assert gaps(WHOLE, under=weaker) == ["leans_on", "leans_on"]


def test_hours_that_nobody_named_are_pointed_out() -> None:
    assert gaps(WHOLE, service=msgspec.structs.replace(SHOP, hours="24x7")) == ["hours"]


def test_a_service_without_components_measures_nothing() -> None:
    assert gaps(WHOLE, service=msgspec.structs.replace(SHOP, components=())) == ["measurement"]
