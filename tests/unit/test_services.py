"""Services in a hub: a ledger on the reference store, checks that change, and the record that this leaves."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks.definition import Definition
from cmdb.hub.ledger import Ledger
from cmdb.hub.service_watch import ServiceWatch
from cmdb.hub.services import Services
from cmdb.locations import Locations
from cmdb.model.agent import AgentRecord
from cmdb.model.change import Delta, Put, Remove
from cmdb.model.check import CheckRecord
from cmdb.model.ci import ConfigurationItem
from cmdb.model.kind import Kind, Record
from cmdb.store.memory import MemoryStore
from cmdb.store.protocol import Batch, Committed
from cmdb.toml_file import TomlError
from tests.unit.service_level_examples import utc

START = utc("2026-11-20 12:00")


class HandTurnedClock:
    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def turn(self, minutes: float) -> None:
        self.moment += timedelta(minutes=minutes)


class House:
    """A hub without its sockets: what is put into the record reaches the services as the subscription brings it."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandTurnedClock()
        self.store = MemoryStore()
        self.ledger = Ledger(self.store, self.clock)
        self.locations = Locations(folder)
        self.watch = self.new_watch()

    def new_watch(self) -> ServiceWatch:
        return ServiceWatch(self.ledger, self.clock, self.locations)

    @property
    def services(self) -> Services:
        return self.watch.services

    async def put(self, kind: Kind, *records: Record) -> None:
        done = await self.ledger.commit([Put(kind, record) for record in records], actor="test", reason="test")
        await self.watch.apply(done.deltas if done else ())

    async def endpoint(self, name: str, state: str, *, hard: bool = True) -> None:
        """An endpoint of host h1, and its check, in this state."""
        await self.put(Kind.CI, ci(name))
        await self.check(name, state, hard=hard)

    async def check(self, name: str, state: str, *, hard: bool = True) -> None:
        await self.put(Kind.CHECK, self.check_record(name, state, hard=hard))

    def check_record(self, name: str, state: str, *, hard: bool = True) -> CheckRecord:
        definition = Definition(id=f"{name}/tcp", ci=name, type="tcp")
        return CheckRecord(
            id=f"{name}/tcp", ci=name, type="tcp", definition=definition, state=state, hard=hard, since=self.clock.now()
        )

    def record(self, service: str) -> list[tuple[str, float, float | None]]:
        """The service's intervals, as minutes since the start."""
        return [
            (each.state, self.minutes(each.start), None if each.end is None else self.minutes(each.end))
            for each in self.services.records[service]
        ]

    def minutes(self, moment: datetime) -> float:
        return round((moment - START).total_seconds() / 60, 3)


def ci(name: str, class_: str = "endpoint", **values: Any) -> ConfigurationItem:
    return ConfigurationItem(
        id=name, class_=class_, name=name, host="h1", first_seen=START, last_seen=START, key=name, **values
    )


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "services.d").mkdir()
    (tmp_path / "services.d" / "shop.toml").write_text(
        '[[service]]\nname = "shop"\ncriticality = 1\n[[service.component]]\nname = "web"\nselect = "class=endpoint"\n'
        '[service.sla]\ntarget = "99.9%"\n'
    )
    return House(tmp_path)


async def test_a_service_is_unknown_until_something_was_checked(house: House) -> None:
    await house.watch.start(house.store)
    assert house.record("shop") == [("unknown", 0, None)]
    assert house.services.services["shop"].reasons == ("web: nothing selected",)


async def test_a_hard_failure_takes_the_service_down_and_recovery_brings_it_back(house: House) -> None:
    await house.watch.start(house.store)
    house.clock.turn(1)
    await house.endpoint("web-1", "ok")
    house.clock.turn(10)
    await house.check("web-1", "critical", hard=False)
    assert house.services.services["shop"].state == "up"
    await house.check("web-1", "critical")
    assert house.services.services["shop"].state == "down"
    assert house.services.services["shop"].reasons == ("web: web-1 down",)
    house.clock.turn(5)
    await house.check("web-1", "ok")
    assert house.record("shop") == [("unknown", 0, 1), ("up", 1, 11), ("down", 11, 16), ("up", 16, None)]


async def test_the_record_in_the_store_is_the_one_in_memory(house: House) -> None:
    await house.watch.start(house.store)
    for state in ("ok", "critical", "ok", "warning"):
        house.clock.turn(1)
        await house.endpoint("web-1", state)
    stored = await house.store.find(Kind.INTERVAL, {"service": "shop"})
    assert [document["id"] for document in stored] == [interval.id for interval in house.services.records["shop"]]
    assert [document["end"] for document in stored].count(None) == 1


async def test_two_who_judge_at_once_open_one_interval(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = house.store.commit

    async def slow_commit(batch: Batch) -> Committed:
        house.clock.turn(0.001)
        await asyncio.sleep(0)
        return await commit(batch)

    await house.watch.start(house.store)
    await house.put(Kind.CI, ci("web-1"))
    monkeypatch.setattr(house.store, "commit", slow_commit)
    for state in ("ok", "critical"):
        found = Delta(0, Kind.CHECK, "web-1/tcp", house.check_record("web-1", state).body())
        await asyncio.gather(house.watch.apply([found]), house.services.judge(), house.watch.reload("mia"))
    assert [state for state, _start, _end in house.record("shop")] == ["unknown", "up", "down"]
    assert [end for _state, _start, end in house.record("shop")].count(None) == 1


async def test_what_is_found_while_somebody_judges_is_judged_after_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, late = house.store.commit, asyncio.Event()

    async def slow_commit(batch: Batch) -> Committed:
        await asyncio.wait_for(late.wait(), 60)
        return await commit(batch)

    await house.watch.start(house.store)
    await house.put(Kind.CI, ci("web-1"))
    monkeypatch.setattr(house.store, "commit", slow_commit)
    looks = []
    for state in ("ok", "critical"):
        found = Delta(0, Kind.CHECK, "web-1/tcp", house.check_record("web-1", state).body())
        looks.append(asyncio.create_task(house.watch.apply([found])))
        await asyncio.sleep(0)
    late.set()
    await asyncio.gather(*looks)
    assert house.services.services["shop"].state == "down"


async def test_a_result_that_changes_nothing_writes_nothing(house: House) -> None:
    await house.watch.start(house.store)
    await house.endpoint("web-1", "ok")
    before = house.store.seq
    await house.check("web-1", "ok")
    assert house.store.seq == before  # the check itself was the same: no batch at all
    house.clock.turn(1)
    await house.put(Kind.CI, ci("web-1", attributes={"port": 80}))
    assert house.store.seq == before + 1


async def test_the_time_in_which_no_hub_ran_is_unknown_and_never_up(house: House) -> None:
    await house.watch.start(house.store)
    await house.endpoint("web-1", "ok")
    house.clock.turn(30)
    house.watch = house.new_watch()
    await house.watch.start(house.store)
    assert house.record("shop")[1:] == [("up", 0, 0), ("unknown", 0, 30), ("up", 30, None)]


async def test_the_stamp_says_until_when_somebody_watched(house: House) -> None:
    await house.watch.start(house.store)
    house.clock.turn(1)
    await house.endpoint("web-1", "critical")
    house.clock.turn(20)
    house.locations.watched.write_text(house.clock.now().isoformat())
    house.clock.turn(40)
    house.watch = house.new_watch()
    await house.watch.start(house.store)
    assert house.record("shop")[1:] == [("down", 1, 21), ("unknown", 21, 61), ("down", 61, None)]


async def test_a_retired_item_leaves_its_service(house: House) -> None:
    await house.watch.start(house.store)
    await house.endpoint("web-1", "ok")
    await house.endpoint("web-2", "critical")
    house.clock.turn(1)
    await house.put(Kind.CI, ci("web-2", status="retired"))
    assert house.services.services["shop"].state == "up"
    assert house.services.supported_by(["web-2"]) == []


async def test_a_host_is_selected_by_name_whenever_that_is_known_and_follows_its_new_name(house: House) -> None:
    file = house.locations.services_dir / "shop.toml"
    file.write_text(file.read_text().replace("class=endpoint", "class=endpoint host=front"))
    await house.watch.start(house.store)
    await house.endpoint("web-1", "ok")
    assert house.services.state_of("shop") == "unknown"
    await house.put(Kind.CI, msgspec.structs.replace(ci("h1", "host"), name="front"))
    assert house.services.state_of("shop") == "up"
    await house.put(Kind.CI, msgspec.structs.replace(ci("h1", "host"), name="back"))
    assert house.services.state_of("shop") == "unknown"


async def test_an_item_of_another_class_leaves_its_service(house: House) -> None:
    await house.watch.start(house.store)
    await house.endpoint("web-1", "critical")
    await house.put(Kind.CI, ci("web-1", "software"))
    assert house.services.supported_by(["web-1"]) == []


async def test_a_check_that_is_gone_has_no_say(house: House) -> None:
    await house.watch.start(house.store)
    await house.endpoint("web-1", "ok")
    await house.endpoint("web-2", "critical")
    done = await house.ledger.commit([Remove(Kind.CHECK, "web-2/tcp")], actor="test", reason="test")
    assert done is not None
    await house.watch.apply(done.deltas)
    assert house.services.services["shop"].state == "up"


async def test_incidents_learn_which_services_an_item_supports_most_critical_first(house: House) -> None:
    await house.watch.start(house.store)
    await house.put(Kind.AGENT, AgentRecord(id="a1", name="h1", host="h1", transport="local"))
    await house.endpoint("web-1", "ok")
    await house.put(Kind.CI, ci("root", "filesystem"))
    found = house.services.supported_by(["root", "web-1", "nothing"])
    assert [service.name for service in found] == ["shop", "this-host"]


async def test_this_host_is_a_service_without_any_file(tmp_path: Path) -> None:
    house = House(tmp_path)
    await house.watch.start(house.store)
    assert house.services.services["this-host"].state == "unknown"
    assert house.services.agreements["this-host"].target == 0.999
    await house.put(Kind.CI, ci("h1", "host"), ci("root", "filesystem"), ci("nginx", "endpoint"))
    await house.put(Kind.AGENT, AgentRecord(id="a1", name="h1", host="h1", transport="local"))
    await house.check("h1", "ok")
    await house.check("nginx", "ok")
    await house.check("root", "critical")
    assert house.services.services["this-host"].state == "degraded"
    await house.check("nginx", "critical")
    assert house.services.services["this-host"].state == "down"


async def test_what_somebody_started_by_hand_is_no_outage_of_this_host_when_it_ends(tmp_path: Path) -> None:
    house = House(tmp_path)
    await house.watch.start(house.store)
    by_hand = ci("dev", "endpoint", attributes={"software": "python:8000"})
    await house.put(Kind.CI, ci("h1", "host"), ci("root", "filesystem"), ci("cron.service", "unit"), by_hand)
    await house.put(Kind.AGENT, AgentRecord(id="a1", name="h1", host="h1", transport="local"))
    for item in ("h1", "root", "dev"):
        await house.check(item, "ok")
    assert house.services.services["this-host"].state == "up"
    await house.check("dev", "critical")
    assert house.services.services["this-host"].state == "up"
    for name, software in (("web", "container/shop/web"), ("sshd", "ssh.service")):
        await house.put(Kind.CI, ci(name, "endpoint", attributes={"software": software}))
        await house.check(name, "critical")
        assert house.services.services["this-host"].state == "down"
        await house.check(name, "ok")


async def test_files_are_taken_up_again_and_what_they_dropped_is_closed(house: House) -> None:
    await house.watch.start(house.store)
    await house.endpoint("web-1", "ok")
    file = house.locations.services_dir / "shop.toml"
    house.clock.turn(3)
    file.write_text(file.read_text().replace('"shop"', '"store"'))
    await house.watch.reload("mia")
    assert house.services.services.keys() == {"store", "this-host"}
    assert house.record("shop")[-1] == ("up", 0, 3)
    assert house.record("store")[-1] == ("up", 3, None)
    assert [row.actor for row in await house.store.history(Kind.SERVICE, "store")][-1] == "mia"


async def test_a_service_that_comes_back_goes_on_with_its_record(house: House) -> None:
    await house.watch.start(house.store)
    await house.endpoint("web-1", "ok")
    file = house.locations.services_dir / "shop.toml"
    text = file.read_text()
    house.clock.turn(3)
    file.unlink()
    await house.watch.reload("mia")
    house.clock.turn(3)
    file.write_text(text)
    await house.watch.reload("mia")
    assert house.record("shop")[-2:] == [("up", 0, 3), ("up", 6, None)]


async def test_a_file_that_cannot_be_read_changes_nothing(house: House) -> None:
    await house.watch.start(house.store)
    (house.locations.services_dir / "bad.toml").write_text('[[service]]\nname = "x"\nhoura = "24x7"\n')
    with pytest.raises(TomlError, match="houra"):
        await house.watch.reload("mia")
    assert house.services.services.keys() == {"shop", "this-host"}


async def test_what_is_loaded_anew_is_what_was_there(house: House) -> None:
    await house.watch.start(house.store)
    await house.endpoint("web-1", "critical")
    before = (house.services.services, house.services.records, house.services.agreements)
    await house.watch.load(house.store)
    assert (house.services.services, house.services.records, house.services.agreements) == before
