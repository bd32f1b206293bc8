"""Where trouble goes: the same trouble, impact of what is down, or an incident of its own."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from cmdb.model.effect import Effect
from cmdb.model.incident import Incident
from cmdb.practices.correlation import Trouble, causes_first, shared_key
from cmdb.practices.incident import acknowledged, resolved
from cmdb.practices.incident_effects import Effects
from cmdb.practices.incident_opening import Past
from cmdb.practices.incident_plan import Plan
from cmdb.practices.incident_weight import Policy, Reached, Stakes

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
POLICY = Policy(
    matrix=((1, 2, 3), (2, 3, 4), (3, 4, 5)),
    default_impact=2,
    respond_minutes=(15, 30, 120, 480, 1440),
    resolve_minutes=(240, 480, 1440, 4320, 10080),
    hold_down=timedelta(minutes=5),
    reopen_within=timedelta(hours=24),
)
# web1 and web2 stand on esx, esx behind the switch; each web server has an endpoint and a filesystem.
UPSTREAM: Mapping[str, Sequence[str]] = {
    "switch": (),
    "esx": ("switch",),
    "web1": ("esx", "switch"),
    "web2": ("esx", "switch"),
    "http1": ("web1", "esx", "switch"),
    "http2": ("web2", "esx", "switch"),
    "db": (),
}


def trouble(
    ci: str, name: str = "ping", *, upstream: Mapping[str, Sequence[str]] = UPSTREAM, **given: object
) -> Trouble:
    down = name in {"ping", "tcp", "http"}
    fields = {
        "severity": "critical",
        "since": NOW,
        "down": down,
        "key": shared_key(ci) if down else f"{ci}/{name}",
    } | given
    return Trouble(
        check=f"{ci}/{name}",
        ci=ci,
        ci_name=ci,
        title=f"{ci}: {name}",
        upstream={up: f"{ci} depends on {up}" for up in upstream.get(ci, ())},
        **fields,  # type: ignore[arg-type]
    )


class Room:
    """The open incidents after one look after the other, as the hub would have them."""

    def __init__(self, policy: Policy = POLICY, upstream: Mapping[str, Sequence[str]] = UPSTREAM) -> None:
        self.policy, self.upstream = policy, upstream
        self.incidents: dict[int, Incident] = {}
        self.effects: dict[int, Effects] = {}
        self.now = NOW

    @property
    def open(self) -> list[Incident]:
        return [one for one in self.incidents.values() if one.state not in {"resolved", "closed"}]

    def only(self) -> Incident:
        (incident,) = self.open
        return incident

    def made_of(self, incident: Incident | None = None) -> list[Effect]:
        """The effects of an incident, else of the only one that is open: causes first."""
        return list(self.effects[(incident or self.only()).number])

    def roles(self, incident: Incident | None = None) -> dict[str, str]:
        return {effect.check: effect.role for effect in self.made_of(incident)}

    def look(self, troubles: Iterable[Trouble] = (), well: Iterable[str] = ()) -> None:
        plan = Plan(self.open, self.effects, len(self.incidents) + 1, self.policy, self.now)
        plan.recover(set(well))
        for one in causes_first(troubles):
            finished = [past for past in self.incidents.values() if past.key == one.key and past not in self.open]
            plan.place(one, Past(finished[-1], self.effects[finished[-1].number].all) if finished else None)
        plan.finish_joins()
        plan.fold({ci: {up: f"{ci} depends on {up}" for up in ups} for ci, ups in self.upstream.items()})
        plan.weigh()
        for number, incident in plan.changed.items():
            self.incidents[number] = msgspec.structs.replace(incident, version=incident.version + 1)
        for effect in plan.effects.values():
            of_it = self.effects.setdefault(effect.incident, Effects())
            of_it.take(msgspec.structs.replace(effect, version=effect.version + 1))
        assert all(one.affected == len(self.effects[one.number]) for one in self.open)

    def act(self, incident: Incident) -> None:
        self.incidents[incident.number] = msgspec.structs.replace(incident, version=incident.version + 1)


def test_a_duplicate_of_an_open_incident_is_a_step_of_its_timeline() -> None:
    room = Room()
    room.look([trouble("http1", "tcp")])
    room.look([trouble("http1", "http")])
    assert room.roles() == {"http1/tcp": "cause", "http1/http": "duplicate"}
    assert [entry.what for entry in room.only().timeline] == ["opened", "also affected"]


def test_what_joins_is_told_of_twice_at_once_and_joins_once() -> None:
    room = Room()
    room.look([trouble("http1", "tcp")])
    room.look([trouble("http1", "http", severity="warning"), trouble("http1", "http")])
    assert [(effect.check, effect.severity) for effect in room.made_of()] == [
        ("http1/tcp", "critical"),
        ("http1/http", "critical"),
    ]


def test_the_same_trouble_seen_again_changes_nothing() -> None:
    room = Room()
    room.look([trouble("db", "tcp")])
    before = room.only()
    room.look([trouble("db", "tcp")])
    assert room.only() == before


def test_two_things_that_are_scarce_on_one_host_are_two_incidents() -> None:
    room = Room()
    room.look([trouble("web1", "load"), trouble("web1", "memory")])
    assert len(room.open) == 2


def test_what_depends_on_what_is_down_joins_it_as_impact_and_says_why() -> None:
    room = Room()
    room.look([trouble("esx")])
    room.look([trouble("http1", "tcp"), trouble("web1")])
    assert room.roles() == {"esx/ping": "cause", "http1/tcp": "impact", "web1/ping": "impact"}
    assert room.made_of()[-1].why == (
        "http1 depends on esx, which is down; held back until INC-1 has been well for 5 min"
    )


def test_a_host_that_is_only_busy_explains_nothing() -> None:
    room = Room()
    room.look([trouble("web1", "load")])
    room.look([trouble("http1", "tcp")])
    assert len(room.open) == 2


def test_what_is_wrong_with_a_server_that_is_down_is_impact_of_that() -> None:
    room = Room()
    room.look([trouble("http1", "tls")])
    room.look([trouble("http1", "tcp")])
    assert room.roles() == {"http1/tcp": "cause", "http1/tls": "impact"}
    assert room.incidents[1].merged_into == 2


def test_a_late_cause_folds_the_incidents_that_it_explains() -> None:
    room = Room()
    for ci in ("http1", "http2", "db"):
        room.look([trouble(ci, "tcp")])
    room.look([trouble("esx")])
    cause = next(one for one in room.open if one.ci == "esx")
    assert room.roles(cause) == {"esx/ping": "cause", "http1/tcp": "impact", "http2/tcp": "impact"}
    assert [one.ci for one in room.open] == ["db", "esx"]
    assert [(one.state, one.merged_into) for one in room.incidents.values()][:2] == [("closed", 4), ("closed", 4)]
    assert cause.links == (1, 2)


def test_the_cause_may_come_in_the_same_batch_in_any_order() -> None:
    for seed in range(20):
        room = Room()
        batch = [trouble("http1", "tcp"), trouble("switch"), trouble("web1"), trouble("esx"), trouble("http2", "tcp")]
        random.Random(seed).shuffle(batch)
        room.look(batch)
        assert [effect.check for effect in room.made_of() if effect.role == "cause"] == ["switch/ping"]


def test_the_incident_is_over_when_its_causes_are_and_what_stays_bad_opens_its_own() -> None:
    room = Room()
    room.look([trouble("esx")])
    room.look([trouble("http1", "tcp")])
    room.look(well=["esx/ping"])
    assert room.only().recovered_at == NOW
    assert [effect.check for effect in room.effects[1].bad.values()] == ["http1/tcp"]
    room.act(resolved(room.only(), "hub", NOW))
    room.look([trouble("http1", "tcp")])
    assert room.only().ci == "http1"


def test_a_duplicate_holds_its_incident_open_and_impact_does_not() -> None:
    room = Room()
    room.look([trouble("http1", "tcp")])
    room.look([trouble("http1", "http")])
    room.look(well=["http1/tcp"])
    assert room.only().recovered_at is None
    room.look(well=["http1/http"])
    assert room.only().recovered_at == NOW


def test_getting_worse_asks_for_an_acknowledgement_anew() -> None:
    room = Room()
    room.look([trouble("http1", "tcp", severity="warning", down=True)])
    room.act(acknowledged(room.only(), "mia", NOW))
    room.look([trouble("http1", "tcp", severity="critical")])
    incident = room.only()
    assert (incident.state, incident.acknowledged_by, incident.priority) == ("new", None, 2)
    assert [entry.what for entry in incident.timeline][-2:] == ["priority", "re-armed"]


def test_impact_does_not_wake_up_who_has_acknowledged_its_cause() -> None:
    room = Room()
    room.look([trouble("esx")])
    room.act(acknowledged(room.only(), "mia", NOW))
    room.look([trouble("http1", "tcp")])
    assert room.only().acknowledged_by == "mia"


def test_what_a_person_called_over_stays_over_until_it_changes() -> None:
    room = Room()
    room.look([trouble("db", "tcp")])
    room.now += timedelta(minutes=1)
    room.act(resolved(room.only(), "mia", room.now))
    room.look([trouble("db", "tcp")])
    assert room.open == []
    room.look([trouble("db", "tcp", since=room.now + timedelta(minutes=1))])
    assert room.only().reopened == 1


def test_impact_comes_from_the_services_that_are_reached_and_only_gets_worse() -> None:
    def reached(cis: Iterable[str], _down: Iterable[str], _elsewhere: Collection[str]) -> Reached:
        return Reached(("shop",), (1,), {1: 5}, {1: 60}) if "http1" in set(cis) else Reached()

    room = Room(replace(POLICY, stakes=Stakes(reached)))
    room.look([trouble("esx")])
    assert (room.only().priority, room.only().services) == (2, ())
    room.look([trouble("http1", "tcp")])
    incident = room.only()
    assert (incident.priority, incident.services) == (1, ("shop",))
    assert incident.respond_due == NOW + timedelta(minutes=5)
    assert incident.resolve_due == NOW + timedelta(minutes=60)
    room.look(well=["http1/tcp"])
    assert room.only().priority == 1


def test_what_recovers_in_a_look_explains_nothing_in_it() -> None:
    room = Room()
    room.look([trouble("esx")])
    room.look([trouble("http1", "tcp")], well=["esx/ping"])
    assert sorted(one.ci or "" for one in room.open) == ["esx", "http1"]


# A switch, 40 hosts behind it, 300 checks on them.
HOSTS = [f"host-{number}" for number in range(40)]
LARGE: dict[str, tuple[str, ...]] = {"switch": ()} | dict.fromkeys(HOSTS, ("switch",))
LARGE |= {f"ep-{number}": (HOSTS[number % 40], "switch") for number in range(300)}
LARGE |= {f"idle-{number}": ("other",) for number in range(659)}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("switch_last", [False, True])
@pytest.mark.parametrize("batch", [1, 25])
def test_a_cascade_is_one_incident_whatever_comes_first(seed: int, switch_last: bool, batch: int) -> None:
    room = Room(upstream=LARGE)
    troubles = [trouble(ci, upstream=LARGE) for ci in (*HOSTS, *(f"ep-{number}" for number in range(300)))]
    cause = trouble("switch", upstream=LARGE)
    random.Random(seed).shuffle(troubles)
    troubles.insert(len(troubles) if switch_last else random.Random(seed).randrange(len(troubles)), cause)
    for start in range(0, len(troubles), batch):
        room.look(troubles[start : start + batch])
    incident = room.only()
    assert incident.ci == "switch"
    assert incident.affected == 341
    by_role = room.roles()
    assert by_role.pop("switch/ping") == "cause"
    assert set(by_role.values()) == {"impact"}
    for effect in room.made_of()[1:]:
        assert f"{effect.ci} depends on " in effect.why
        assert f"held back until INC-{incident.number} " in effect.why
