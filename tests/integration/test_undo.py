"""Taking back what one did to an incident, on a real hub."""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.hub.client import HubClient, HubRefusal
from cmdb.hub.hub import Hub
from tests.support.hub import HandClock, client_of

STEPS: list[tuple[str, dict[str, Any], str]] = [
    ("ack", {}, "acknowledged"),
    ("assign", {"assignee": "rab"}, "assigned to rab"),
    ("hold", {"reason": "waits for a part"}, "put on hold waits for a part"),
    ("resolve", {"text": "was nothing"}, "resolved was nothing"),
]
KEPT = ("state", "acknowledged_at", "acknowledged_by", "assignee", "hold_reason", "resolved_at")


@pytest.fixture
def actor() -> str:
    return "mia"


@pytest.fixture
async def number(client: HubClient) -> int:
    return int((await client.call("incident.open", title="the door is open"))["number"])


@pytest.mark.parametrize(("verb", "args", "said"), STEPS)
async def test_the_last_step_is_taken_back_and_says_so(
    client: HubClient, clock: HandClock, number: int, verb: str, args: dict[str, Any], said: str
) -> None:
    before = await client.call("incident.show", number=number)
    clock.turn(minutes=1)
    await client.call(f"incident.{verb}", number=number, **args)
    clock.turn(minutes=1)
    after = await client.call("incident.undo", number=number)
    assert {name: after[name] for name in KEPT} == {name: before[name] for name in KEPT}
    assert (after["timeline"][-1]["what"], after["timeline"][-1]["text"]) == ("undone", said)
    assert len(after["timeline"]) == len(before["timeline"]) + 2


async def test_steps_are_not_taken_back_twice_nor_past_somebody_else(hub: Hub, client: HubClient, number: int) -> None:
    await client.call("incident.ack", number=number)
    async with await client_of(hub) as other:
        await other.call("hub.act_as", actor="rab", role="operator")
        with pytest.raises(HubRefusal, match="mia has acted since"):
            await other.call("incident.undo", number=number)
    await client.call("incident.undo", number=number)
    with pytest.raises(HubRefusal, match="undone since"):
        await client.call("incident.undo", number=number)


async def test_a_note_in_between_does_not_hinder(client: HubClient, number: int) -> None:
    await client.call("incident.ack", number=number)
    await client.call("incident.note", number=number, text="looking")
    assert (await client.call("incident.undo", number=number))["state"] == "new"


async def test_who_did_nothing_has_nothing_to_undo(client: HubClient, number: int) -> None:
    with pytest.raises(HubRefusal, match="did nothing to it"):
        await client.call("incident.undo", number=number)
