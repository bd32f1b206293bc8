"""Terms of services and agreements, changed from the console in the file that declares them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cmdb.hub.hub import Hub
from tests.support.hub import HandClock, hub_at
from tests.tui.fleet import small_fleet
from tests.tui.seen import Seen, console_on

pytestmark = pytest.mark.slow
SHOP = """\
[[service]]
name = "shop"
owner = "mia" # until spring

[[service.component]]
name = "web"
select = "class=host name~web"

[service.sla]
target = "99%"
"""


@pytest.fixture
async def seen(tmp_path: Path) -> AsyncIterator[Seen]:
    file_of(tmp_path).parent.mkdir()
    file_of(tmp_path).write_text(SHOP)
    hub: Hub
    async with hub_at(tmp_path, clock=HandClock()) as hub:
        await small_fleet(hub)
        async with console_on(tmp_path, clock=HandClock()) as seen:
            await seen.shows("INC-1")
            yield seen


def file_of(state: Path) -> Path:
    return state / "services.d" / "shop.toml"


async def opened(seen: Seen, words: str, shown: str) -> None:
    await seen.type(f":{words}")
    await seen.press("enter")
    await seen.shows(shown)
    await seen.press("x")
    await seen.shows("Edit its terms")
    await seen.press("E")
    await seen.shows("Terms of")


@pytest.mark.parametrize(
    ("words", "shown", "typed", "difference", "line"),
    [
        ("service shop", "mia", "owner=ada", '+owner = "ada" # until spring', 'owner = "ada" # until spring'),
        ("agreement shop", "99.00%", "target=98.5%", '+target = "98.5%"', 'target = "98.5%"'),
    ],
)
async def test_terms_show_their_difference_before_they_are_written(
    tmp_path: Path, seen: Seen, words: str, shown: str, typed: str, difference: str, line: str
) -> None:
    await opened(seen, words, shown)
    await seen.type(typed)
    await seen.shows(difference)
    assert file_of(tmp_path).read_text() == SHOP
    await seen.press("enter")
    await seen.shows("shop: written to shop.toml")
    assert line in file_of(tmp_path).read_text().splitlines()


async def test_what_cannot_be_is_said_and_nothing_is_written(tmp_path: Path, seen: Seen) -> None:
    await opened(seen, "service shop", "mia")
    await seen.press("enter")
    await seen.shows("say what is to be: TERM=VALUE")
    await seen.type("hours=never")
    await seen.shows("hours")
    await seen.press("enter")
    await seen.shows("never")
    assert file_of(tmp_path).read_text() == SHOP


async def test_a_file_that_changed_since_it_was_shown_is_not_written(tmp_path: Path, seen: Seen) -> None:
    await opened(seen, "service shop", "mia")
    await seen.type("owner=ada")
    await seen.shows('+owner = "ada"')
    by_another = SHOP.replace("until spring", "until summer")
    file_of(tmp_path).write_text(by_another)
    await seen.press("enter")
    await seen.shows("changed")
    assert file_of(tmp_path).read_text() == by_another
