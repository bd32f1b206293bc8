from __future__ import annotations

import tomllib
from typing import Any

import pytest

from cmdb.services_d.editing import AGREEMENT, SERVICE, NoSuchTerm, added, changed, names_in, without

SHOP = """\
# What we sell with.
[[service]]
name = "shop"   # as customers call it
owner = "mia"

# The web servers.
[[service.component]]
name = "web"
select = "class=endpoint name~web"  # all of them

[service.sla]
target = "99.9%"
respond = { 1 = "15m" }

[[service]]
name = "search"

[[service.agreement]]
name = "search-gold"
target = 0.99

[[agreement]]
service = "shop"
name = "shop-night"
target = 0.9
"""


def said(text: str, kind: str = "service") -> dict[str, Any]:
    """The first table of this kind."""
    table: dict[str, Any] = tomllib.loads(text)[kind][0]
    return table


def test_one_term_changes_one_line() -> None:
    assert changed(SHOP, SERVICE, "shop", {"owner": "leo"}) == SHOP.replace('"mia"', '"leo"')
    assert changed(SHOP, AGREEMENT, "shop", {"target": 0.995}) == SHOP.replace('"99.9%"', "0.995")


def test_a_new_term_stands_with_the_others_before_the_comment_of_what_follows() -> None:
    text = changed(SHOP, SERVICE, "shop", {"hours": "Mon-Fri 08:00-18:00", "holidays.country": "ES"})
    added_lines = 'owner = "mia"\nhours = "Mon-Fri 08:00-18:00"\nholidays = {country = "ES"}\n\n# The web servers.\n'
    assert text == SHOP.replace('owner = "mia"\n\n# The web servers.\n', added_lines)


def test_terms_lie_deeper_too() -> None:
    text = changed(SHOP, SERVICE, "shop", {"component.web.rule": 2, "component.db.select": "class=database"})
    web, db = said(text)["component"]
    assert (web["rule"], web["select"]) == (2, "class=endpoint name~web")
    assert db == {"name": "db", "select": "class=database"}
    assert "# all of them" in text


def test_what_is_null_is_taken_out() -> None:
    text = changed(SHOP, SERVICE, "shop", {"owner": None, "component.web": None})
    assert "owner" not in said(text)
    assert said(text).get("component", []) == []
    assert "respond" not in said(changed(SHOP, AGREEMENT, "shop", {"respond": None}))["sla"]


def test_a_component_of_one_line_tables_stays_so() -> None:
    text = '[[service]]\nname = "shop"\ncomponent = [{ name = "web", select = "class=endpoint" }]\n'
    [_, db] = said(changed(text, SERVICE, "shop", {"component.db.select": "class=database"}))["component"]
    assert db == {"name": "db", "select": "class=database"}


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"title": None}, "title is not there"),
        ({"component.db": None}, "component.db is not there"),
        ({"component.web": 3}, "name a term in it"),
        ({"owner.name": "mia"}, "owner has nothing in it"),
    ],
)
def test_what_cannot_be_changed_is_named(terms: dict[str, Any], why: str) -> None:
    with pytest.raises(NoSuchTerm, match=why):
        changed(SHOP, SERVICE, "shop", terms)


def test_agreements_are_found_wherever_they_stand() -> None:
    assert names_in(SHOP, AGREEMENT) == ["shop", "search-gold", "shop-night"]
    assert names_in(SHOP, SERVICE) == ["shop", "search"]
    assert changed(SHOP, AGREEMENT, "search-gold", {"target": 0.98}) == SHOP.replace("0.99\n", "0.98\n")
    assert changed(SHOP, AGREEMENT, "shop-night", {"target": 0.8}) == SHOP.replace("0.9\n", "0.8\n")
    with pytest.raises(KeyError):
        changed(SHOP, AGREEMENT, "nothing", {})


def test_what_is_added_stands_after_its_like() -> None:
    text = added(SHOP, SERVICE, "mail", {"owner": "leo", "component.smtp.select": "class=endpoint"})
    mail = """
[[service]]
name = "mail"
owner = "leo"
[[service.component]]
name = "smtp"
select = "class=endpoint"

[[agreement]]
"""
    assert text == SHOP.replace("\n[[agreement]]\n", mail)
    assert added("# Ours.", SERVICE, "mail", {}) == '# Ours.\n\n[[service]]\nname = "mail"\n'
    assert said(added("", AGREEMENT, "shop", {"service": "shop"}), "agreement") == {"name": "shop", "service": "shop"}


@pytest.mark.parametrize("name", ["shop", "search-gold", "shop-night"])
def test_an_agreement_is_taken_out_from_wherever_it_stands(name: str) -> None:
    left = [one for one in names_in(SHOP, AGREEMENT) if one != name]
    text = without(SHOP, AGREEMENT, name)
    assert names_in(text, AGREEMENT) == left
    assert names_in(text, SERVICE) == ["shop", "search"]


def test_what_was_added_can_be_edited_again() -> None:
    text = added(SHOP, SERVICE, "mail", {"owner": "leo"})
    assert changed(text, SERVICE, "mail", {"owner": "mia"}) == text.replace('"leo"', '"mia"')
    assert changed(text, SERVICE, "shop", {"owner": "ada"}) == text.replace('"mia"', '"ada"')
