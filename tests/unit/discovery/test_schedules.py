"""Units, timers and cron tables."""

from __future__ import annotations

from agent.discovery.timer import cron_item, parse_crontab, timer_item
from agent.discovery.unit import is_listed, parse_show, unit_item
from tests.unit.discovery.recorded import recorded


def test_units_of_a_systemd_host() -> None:
    units = {unit["Id"]: unit_item(unit) for unit in parse_show(recorded("unit/systemd-252.txt")) if is_listed(unit)}
    nginx = units["nginx.service"]
    assert nginx.attributes["enabled"] == "enabled"
    assert nginx.metrics["active"] == "active"
    assert nginx.metrics["pid"] > 1
    assert "active" not in nginx.attributes
    assert "dbus.socket" in units


def test_units_that_another_merely_mentions_or_that_were_made_for_one_command_are_left_out() -> None:
    text = "Id=gone.service\nLoadState=not-found\n\nId=run-1.service\nLoadState=loaded\nTransient=yes\n"
    assert [unit["Id"] for unit in parse_show(text) if is_listed(unit)] == []


def test_timers_with_what_they_start() -> None:
    timers = {
        timer["Id"]: timer_item(timer) for timer in parse_show(recorded("timer/systemd-252.txt")) if is_listed(timer)
    }
    daily = timers["apt-daily.timer"]
    assert daily.key == "systemd/apt-daily.timer"
    assert daily.attributes["schedule"] == ["OnCalendar=*-*-* 06,18:00:00"]
    assert ("part_of", "unit", "apt-daily.service") in daily.relations
    assert timers["systemd-tmpfiles-clean.timer"].attributes["schedule"] == ["OnBootUSec=15min"]


def test_lines_of_a_system_table() -> None:
    lines = list(parse_crontab(recorded("cron/debian-12-crontab.txt")))
    assert [(line.schedule, line.user) for line in lines] == [
        ("17 * * * *", "root"), ("25 6 * * *", "root"), ("47 6 * * 7", "root"), ("52 6 1 * *", "root"),
    ]  # fmt: skip
    assert lines[0].command == "cd / && run-parts --report /etc/cron.hourly"


def test_lines_of_a_users_table() -> None:
    text = "MAILTO=bob\n# comment\n@reboot /bin/start it\n*/5 * * * * backup --password=x\n1 2 3\n"
    assert [tuple(line) for line in parse_crontab(text, "bob")] == [
        ("@reboot", "bob", "/bin/start it"), ("*/5 * * * *", "bob", "backup --password=x"),
    ]  # fmt: skip


def test_a_new_time_is_the_same_timer_and_its_secret_stays_here() -> None:
    before, after = parse_crontab("1 1 * * * backup --password=x\n2 2 * * * backup --password=x\n", "bob")
    first, second = cron_item("/var/spool/cron/bob", before), cron_item("/var/spool/cron/bob", after)
    assert first.key == second.key
    assert first.attributes["command"] == "backup --password=***"
