"""What people would have written for the simulated fleet: its services and who is on call. Not the hosts."""

from __future__ import annotations

from cmdb.locations import Locations

SERVICES = """
[[service]]
name = "shop"
title = "Web shop"
owner = "mia"
criticality = 1
[[service.component]]
name = "web"
select = "class=endpoint host.name=web-*"
rule = {web}
[[service.component]]
name = "database"
select = "class=host name=db-*"
rule = {database}
[service.sla]
period = "30d"
target = "99.9%"

[[service]]
name = "mail"
title = "Mail"
owner = "rab"
criticality = 2
[[service.component]]
name = "hosts"
select = "class=host name=mail-*"
rule = {mail}
[service.sla]
period = "7d"
target = "99.5%"
"""
ON_CALL = """
[[person]]
name = "mia"
timezone = "Europe/Berlin"
[[person]]
name = "rab"
timezone = "Europe/Lisbon"
[[person]]
name = "tove"
timezone = "Europe/Oslo"

[[team]]
name = "ops"
members = ["mia", "rab", "tove"]

[[schedule]]
name = "ops"
timezone = "Europe/Berlin"
[[schedule.rotation]]
turns = [["mia"], ["rab"], ["tove"]]
start = 2026-03-02T09:00:00
every = "1w"

[[policy]]
name = "default"
[[policy.step]]
targets = ["schedule:ops"]
delay = "10m"

[route]
policy = "default"
"""


# How many of a hundred hosts' worth must be up: endpoints of web hosts, hosts of databases and mail.
_NEEDED = {"web": 45, "database": 8, "mail": 2}


def furnish(locations: Locations, hosts: int) -> None:
    """Write them where nobody has written anything yet."""
    services = SERVICES.format(**{name: max(1, hosts * share // 100) for name, share in _NEEDED.items()})
    locations.services_dir.mkdir(parents=True, exist_ok=True)
    for path, content in ((locations.services_dir / "demo.toml", services), (locations.oncall, ON_CALL)):
        if not path.exists():
            path.write_text(content, encoding="utf-8")
