"""What the demo's hub is told about its fleet: services with agreements, on-call, and a month of what was.

Written into the demo's own directory before its hub starts. Not the fleet itself: `console.demo.run`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from cmdb.clock import Clock
from cmdb.hub.ledger import Ledger
from cmdb.locations import Locations
from cmdb.model.change import Put
from cmdb.model.kind import Kind
from cmdb.model.service import Interval
from cmdb.store.embedded import EmbeddedStore
from console.demo.host import SimulatedHost

PAST = timedelta(days=35)


@dataclass(frozen=True)
class DemoService:
    """`roles` are the kinds of host that it runs on, of each of which `needed` (a share) must be well.

    `outages` are how many it had in the month past, `longest_s` how long one was at most.
    """

    name: str
    title: str
    owner: str
    customers: tuple[str, ...]
    roles: tuple[str, ...]
    criticality: int
    target: str
    outages: int
    longest_s: float
    hours: str
    penalty: float
    value: float
    cost: float
    needed: float


# name, title, owner, customers, roles, criticality, target, outages, longest_s, hours, penalty, value, cost, needed
SERVICES = tuple(
    DemoService(*fields)
    for fields in (
        ("shop", "Web shop", "mia", ("All",), ("web", "app"), 1, "99.9%", 4, 500, "24x7", 5000, 90000, 7000, 0.7),
        ("payments", "Payments", "jon", ("Shop",), ("app", "db"), 1, "99.95%", 2, 900, "24x7", 20000, 60000, 9000, 0.7),
        ("search", "Search", "rab", ("Shop",), ("cache",), 2, "99.5%", 7, 2400, "24x7", 500, 8000, 1500, 0.7),
        ("mail", "Mail", "ida", ("Staff",), ("mail",), 2, "99%", 5, 5400, "Mon-Fri 07:00-20:00", 0, 3000, 900, 1.0),
        ("reports", "Night reports", "ida", ("Finance",), ("db",), 3, "98%", 3, 7200, "24x7", 0, 2000, 600, 0.7),
        ("monitoring", "Monitoring", "rab", ("Us",), ("mon",), 3, "99%", 2, 1800, "24x7", 0, 0, 400, 0.5),
    )
)
ON_CALL = """
[[person]]
name = "mia"
timezone = "Europe/Berlin"
quiet = "Mon-Sun 22:00-07:00"
[[person.channel]]
name = "chat"
url = "webhook+http://127.0.0.1:9/mia"
[[person]]
name = "jon"
timezone = "Europe/Berlin"
[[person.channel]]
name = "chat"
url = "webhook+http://127.0.0.1:9/jon"
[[person]]
name = "rab"
timezone = "America/New_York"
[[person.channel]]
name = "chat"
url = "webhook+http://127.0.0.1:9/rab"
[[person]]
name = "ida"
timezone = "Europe/Madrid"

[[team]]
name = "operations"
members = ["mia", "jon", "rab"]
[[team]]
name = "databases"
members = ["jon", "ida"]

[[schedule]]
name = "operations"
timezone = "Europe/Berlin"
[[schedule.rotation]]
turns = [["mia"], ["jon"], ["rab"]]
start = {start}T09:00:00
every = "2d"
[[schedule]]
name = "databases"
timezone = "Europe/Madrid"
[[schedule.rotation]]
turns = [["jon"], ["ida"]]
start = {start}T08:00:00
every = "1w"
hours = "Mon-Fri 08:00-20:00"
"""


def declared(hosts: int, seed: int) -> str:
    """The services of a fleet of this size, as `services.d` has them."""
    names = [SimulatedHost(number, seed).role.name for number in range(hosts)]
    return "\n".join(line for service in SERVICES for line in _service(service, names))


def _service(service: DemoService, roles: Sequence[str]) -> Iterator[str]:
    yield "[[service]]"
    yield f'name = "{service.name}"\ntitle = "{service.title}"\nowner = "{service.owner}"'
    yield f'customers = {list(service.customers)}\ncriticality = {service.criticality}\nhours = "{service.hours}"'
    for role in service.roles:
        count = roles.count(role)
        if count:
            yield f'[[service.component]]\nname = "{role}"\nselect = "class=host name={role}-*"'
            yield f"rule = {max(1, int(count * service.needed))}"
    yield f'[service.sla]\nname = "{service.name}"\nperiod = "30d"\ntarget = "{service.target}"'
    yield f'customer = "{service.customers[0]}"\nprovider = "Operations"\nhours = "{service.hours}"'
    yield f'consequences = "{_consequences(service)}"\npenalty = {service.penalty}\nvalue = {service.value}'
    yield f'cost = {service.cost}\nstakeholders = ["{service.owner}@example.org", "board@example.org"]'
    yield 'respond = { 1 = "15m", 2 = "30m", 3 = "4h" }\nresolve = { 1 = "4h", 2 = "8h", 3 = "2d" }'


def _consequences(service: DemoService) -> str:
    return f"{service.penalty:.0f} EUR a month" if service.penalty else "a review with the customer"


def past_of(service: DemoService, now: datetime, seed: int) -> Iterator[Interval]:
    """A month of states, with gaps neither at its begin nor at its end."""
    dice = Random(f"{seed}/{service.name}")
    start = now - PAST
    starts = sorted(start + PAST * dice.random() * 0.97 for _ in range(service.outages))
    at = start
    for begin in starts:
        if begin <= at:
            continue
        end = begin + timedelta(seconds=dice.uniform(0.15, 1) * service.longest_s)
        state = dice.choices(("down", "degraded"), (3, 1))[0]
        yield _interval(service.name, "up", at, begin)
        yield _interval(service.name, state, begin, end)
        at = end
    yield _interval(service.name, "up", at, None)


def _interval(service: str, state: str, start: datetime, end: datetime | None) -> Interval:
    id_ = f"{service}@{start:%Y-%m-%dT%H:%M:%S.%fZ}"
    return Interval(id=id_, service=service, state=state, start=start, end=end, source="demo")


async def install(locations: Locations, hosts: int, seed: int, clock: Clock) -> None:
    """Write all of it, unless something is there already. Raises `StoreError`, `OSError`."""
    if locations.services_dir.exists() or locations.database.exists():
        return
    locations.services_dir.mkdir(parents=True)
    now = clock.now()
    (locations.services_dir / "demo.toml").write_text(declared(hosts, seed), encoding="utf-8")
    monday = now.date() - timedelta(days=now.weekday())
    locations.oncall.write_text(ON_CALL.format(start=monday.isoformat()), encoding="utf-8")
    store = await EmbeddedStore.open(locations.database)
    try:
        intervals = [interval for service in SERVICES for interval in past_of(service, now, seed)]
        ledger = Ledger(store, clock)
        await ledger.commit([Put(Kind.INTERVAL, one) for one in intervals], actor="demo", reason="the month past")
    finally:
        await store.close()
