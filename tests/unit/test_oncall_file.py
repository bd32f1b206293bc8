"""Who can be told, read from a file; what is wrong in it is named."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from cmdb.oncall_file import Directory, load_directory
from cmdb.practices.escalation import FOR_EVER, Step
from cmdb.practices.matcher import Matcher
from cmdb.toml_file import TomlError

WHOLE = """
[[person]]
name = "mia"
timezone = "Europe/Berlin"
quiet = "Mon-Sun 22:00-07:00"
[[person.channel]]
name = "mail"
url = "mailto://127.0.0.1/?from=w@example.org&to=mia@example.org"

[[team]]
name = "ops"
members = ["mia"]

[[schedule]]
name = "ops"
timezone = "Europe/Berlin"
[[schedule.rotation]]
turns = [["mia"]]
start = 2026-03-02T09:00:00

[[policy]]
name = "default"
repeat = -1
[[policy.step]]
targets = ["schedule:ops", "team:ops", "person:mia"]
delay = "90s"

[route]
group_by = ["host"]
[[route.route]]
matchers = ["priority=1"]
policy = "default"
group_wait = "0s"
continue = true
"""


def loaded(folder: Path, text: str) -> Directory:
    path = folder / "oncall.toml"
    path.write_text(text)
    return load_directory(path)


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    directory = loaded(tmp_path, WHOLE)
    assert directory.people["mia"].channels[0].name == "mail"
    assert directory.teams["ops"].members == ("mia",)
    assert directory.schedules["ops"].rotations[0].start == datetime(2026, 3, 2, 9)
    policy = directory.policies["default"]
    assert (policy.repeat, policy.steps) == (FOR_EVER, (Step(("schedule:ops", "team:ops", "person:mia"), 90.0),))
    (child,) = directory.route.routes
    assert (child.matchers, child.group_wait_s, child.goes_on) == ((Matcher("priority", "=", "1"),), 0.0, True)


def test_no_file_is_nobody(tmp_path: Path) -> None:
    assert load_directory(tmp_path / "oncall.toml") == Directory()


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ('members = ["mia"]', 'members = ["eve"]', 12, "'eve' is no person"),
        ('turns = [["mia"]]', "turns = [[]]", 17, "nobody"),
        ('"team:ops"', '"team:dev"', 25, "'team:dev' is no target"),
        ('policy = "default"', 'policy = "other"', 32, "'other' is no policy"),
        ('"priority=1"', '"priority"', 31, "no matcher"),
        ('delay = "90s"', 'delay = "soon"', 26, "not a length of time"),
        ('timezone = "Europe/Berlin"', 'timezone = "Europe/Bonn"', 4, "no such time zone"),
        ('quiet = "Mon-Sun 22:00-07:00"', 'quiet = "at night"', 5, "at night"),
        ('name = "mail"', 'nmae = "mail"', 7, "not a known key"),
        ("mailto://127.0.0.1/?from=w@example.org&to=mia@example.org", "", 6, "either url or url_file"),
        ("[[team]]\nname", '[[team]]\nname = "ops"\nmembers = ["mia"]\n[[team]]\nname', 14, "there already"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, why: str) -> None:
    assert old in WHOLE
    with pytest.raises(TomlError) as raised:
        loaded(tmp_path, WHOLE.replace(old, new, 1))
    assert why in str(raised.value)
    assert raised.value.line == line
