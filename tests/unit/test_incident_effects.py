"""What an incident is made of, and how its timeline tells of many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from cmdb.model.effect import Effect, effect_id
from cmdb.model.incident import Incident
from cmdb.practices.incident import joined, recovered, took_over
from cmdb.practices.incident_effects import Effects

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BLANK = Incident(id="7", number=7, title="t", priority=3, impact=2, urgency=2, key="k", opened_at=NOW)


def effect(check: str, role: str = "impact", *, well: bool = False, down: bool = False) -> Effect:
    return Effect(
        id=effect_id(7, check),
        incident=7,
        check=check,
        ci=check.partition("/")[0],
        role=role,
        severity="critical",
        since=NOW,
        down=down,
        recovered_at=NOW if well else None,
    )


def test_causes_come_first_whenever_they_joined() -> None:
    effects = Effects([effect("web/tcp"), effect("db/tcp"), effect("switch/icmp", "cause")])
    assert [one.check for one in effects] == ["switch/icmp", "web/tcp", "db/tcp"]


def test_an_item_is_about_it_until_the_last_of_its_checks_is_well() -> None:
    effects = Effects([effect("web/tcp"), effect("web/http"), effect("switch/icmp", "cause", down=True)])
    effects.take(effect("web/tcp", well=True))
    assert effects.cis == {"web", "switch"}
    effects.take(effect("web/http", well=True))
    assert (effects.cis, effects.down, effects.over) == ({"switch"}, {"switch"}, False)
    effects.take(effect("switch/icmp", "cause", well=True, down=True))
    assert (effects.cis, effects.down, effects.over) == (set(), set(), True)


def test_a_copy_changes_alone() -> None:
    effects = Effects([effect("web/tcp")])
    other = effects.copy()
    other.take(effect("web/tcp", well=True))
    other.take(effect("db/tcp", "cause"))
    assert (list(effects.bad), effects.cis, effects.over) == (["web/tcp"], {"web"}, True)


def test_what_joins_within_a_minute_is_one_step_of_the_timeline_and_is_counted() -> None:
    many = [effect(f"h{number}/tcp") for number in range(8)]
    one = joined(BLANK, NOW, many, len(many))
    (step,) = one.timeline
    assert step.text.endswith("; h4/tcp: critical; and 3 more")
    one = recovered(one, NOW + timedelta(seconds=20), [effect("h1/tcp", well=True)], over=False)
    one = joined(one, NOW + timedelta(seconds=59), [effect("h8/tcp"), effect("h9/tcp")], 2)
    assert [(entry.what, entry.more) for entry in one.timeline] == [("impact", 5), ("recovered", 0)]
    assert one.timeline[0].text.endswith("; h4/tcp: critical; and 5 more")
    assert (one.timeline[0].at, one.affected) == (NOW, 10)
    later = joined(one, NOW + timedelta(seconds=60), [effect("h10/tcp")], 1)
    assert [entry.what for entry in later.timeline] == ["impact", "recovered", "impact"]


def test_that_the_last_cause_is_well_is_a_step_of_its_own() -> None:
    one = recovered(BLANK, NOW, [effect("web/tcp", well=True)], over=False)
    one = recovered(one, NOW, [effect("switch/icmp", "cause", well=True)], over=True)
    assert [entry.text for entry in one.timeline] == ["web/tcp", "switch/icmp"]
    assert one.recovered_at == NOW


def test_what_follows_the_last_cause_is_counted_with_it() -> None:
    one = recovered(BLANK, NOW, [effect("switch/icmp", "cause", well=True)], over=True)
    for check in ("web/tcp", "db/tcp"):
        one = recovered(one, NOW + timedelta(seconds=9), [effect(check, well=True)], over=True)
    assert [(entry.text, one.recovered_at) for entry in one.timeline] == [("switch/icmp; and 2 more", NOW)]


def test_what_is_folded_within_a_minute_is_one_step_but_who_had_it_is_named() -> None:
    one = BLANK
    for number in (8, 9, 10):
        other = msgspec.structs.replace(BLANK, id=str(number), number=number, title=f"h{number}")
        one = took_over(one, "hub", NOW, other, [effect(f"h{number}/tcp")])
    answered = msgspec.structs.replace(BLANK, id="11", number=11, title="h11", acknowledged_by="mia")
    one = took_over(one, "hub", NOW, answered, [])
    assert [entry.text for entry in one.timeline] == ["INC-8 h8; and 2 more", "INC-11 h11, acknowledged by mia"]
    assert (one.links, one.affected) == ((8, 9, 10, 11), 3)


def test_an_incident_that_takes_over_what_is_still_bad_has_not_recovered() -> None:
    well = msgspec.structs.replace(BLANK, recovered_at=NOW)
    other = msgspec.structs.replace(BLANK, id="8", number=8)
    assert took_over(well, "mia", NOW, other, [effect("web/tcp", "cause")]).recovered_at is None
    assert took_over(well, "mia", NOW, other, [effect("web/tcp")]).recovered_at == NOW
