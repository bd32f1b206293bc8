"""Agent and hub: the messages, and what each is for. Who may say what when is in `agent.connection`.

A message is msgpack in its shortest form, no key twice in a map, tagged by its type, in a frame of `agent.frames`.
Unknown fields are ignored, an unknown type is answered with `Refusal`, a frame over `MAX_FRAME_BYTES` ends the
connection (`agent.connection`). Moments are aware datetimes in UTC.

Order: agent `Hello` → hub `Welcome` | `Refusal`; then both sides freely. A scan is `Offer` (digests of all
sections) → hub `Want` (those it lacks) → agent `Section` for each → agent `ScanEnd`. Of a section that the hub knows in
an earlier state, and the agent too, only the items that changed since then are sent.
"""

from __future__ import annotations

from typing import Any, Optional, Union

import msgspec

from checks.definition import Definition
from checks.result import Moment, Result

PROTOCOL = 1
MAX_FRAME_BYTES = 8 * 1024 * 1024


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """One observed configuration item.

    `key` finds it again within its host and class (`/var`, `tcp/0.0.0.0:80`, `openssl`). `attributes` make
    history, `metrics` (free bytes, pids, uptime, counters) never do and are not in the digest. `keys` are
    identity keys by name (host: dmi_uuid, serial, vendor, machine_id, macs, ssh_host_key, board_serial, cloud).
    `relations` are (type, class, key) of items of the same host.
    """

    class_: str = msgspec.field(name="class")
    key: str
    name: str
    attributes: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    keys: dict[str, Any] = {}
    relations: tuple[tuple[str, str, str], ...] = ()


class SectionOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the collection of one section went. Only an `ok` section may retire what it no longer lists."""

    name: str
    outcome: str  # ok | partial | denied | timeout | unsupported | failed
    duration_s: float = 0.0
    detail: str = ""  # what was denied, or why it failed
    items: int = 0
    digest: str = ""  # over the items without their metrics, in key order


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    protocol: int
    agent_id: str  # made at first start, kept in the agent's state directory
    name: str  # the host's name, for people until its report is in
    agent_version: str
    platform: str
    privileged: bool = False


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """Intervals are the hub's to set. `splay_s` spreads first scans, `reconnect_s` the agents that lose it together.

    `serial` is the last `Results` that the hub has of this agent: it goes on from there, also after its spool was lost.
    """

    protocol: int
    hub_version: str
    serial: int = 0
    scan_interval_s: float = 300.0
    heartbeat_interval_s: float = 10.0
    splay_s: float = 0.0
    reconnect_s: float = 0.0


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    what: str
    why: str = ""


class Heartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """`lag_s` is how late the agent's own scheduler runs, `overdue` how many checks are past their time.

    `spooled` messages wait for an `Ack`; `dropped` were lost for good since the agent's start (its spool was full).
    `cpu_s` and `rss_bytes` are the agent process's own.
    """

    at: Moment
    lag_s: float = 0.0
    overdue: int = 0
    spooled: int = 0
    dropped: int = 0
    cpu_s: float = 0.0
    rss_bytes: int = 0


class Offer(msgspec.Struct, frozen=True, tag="offer"):
    scan: int
    at: Moment
    sections: tuple[SectionOutcome, ...]


class Want(msgspec.Struct, frozen=True, tag="want", omit_defaults=True):
    """`known` is the digest under which the hub has a wanted section whole: what differs from that is enough."""

    scan: int
    sections: tuple[str, ...]
    known: dict[str, str] = {}


class Section(msgspec.Struct, frozen=True, tag="section", omit_defaults=True):
    """A wanted section's items, in parts of a bounded size; `part` counts from 0, `last` ends it.

    With a `base`, which is what `Want.known` said, the items are those that are new or other than they were then, and
    `gone` are the class and key of those that are no more. Without, they are all that there are.
    """

    scan: int
    name: str
    items: list[Item]
    part: int = 0
    last: bool = True
    base: str = ""
    gone: list[tuple[str, str]] = []


class ScanEnd(msgspec.Struct, frozen=True, tag="scan_end"):
    scan: int
    duration_s: float


class RotateKey(msgspec.Struct, frozen=True, tag="rotate_key"):
    """Make yourself a new SSH key and say its public half; the old one holds until you have come in by the new one."""


class NewKey(msgspec.Struct, frozen=True, tag="new_key"):
    """`key` as `TYPE BASE64`."""

    key: str


class KeyTaken(msgspec.Struct, frozen=True, tag="key_taken"):
    """This key lets you in from now on: come in by it."""

    key: str


class ScanNow(msgspec.Struct, frozen=True, tag="scan_now"):
    pass


class Resume(msgspec.Struct, frozen=True, omit_defaults=True):
    """A check's state as the hub remembers it, so that a restarted agent goes on and does not begin again."""

    state: str
    hard: bool
    attempt: int


class Work(msgspec.Struct, frozen=True, tag="work"):
    """All checks that this agent is to run from now on; replaces what it had. `states` by check id."""

    revision: int
    checks: list[Definition]
    states: dict[str, Resume] = {}


class RunCheck(msgspec.Struct, frozen=True, tag="run_check"):
    """Run it now, out of turn; its result comes as `Results` with this `run`."""

    check: str
    run: int


class CheckResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """A result with the state that it made. Sent when state, hardness, attempt or flapping changed, and at a run on
    demand.
    """

    result: Result
    hard: bool
    attempt: int
    changed: bool = True
    run: Optional[int] = None
    flapping: bool = False


class Summary(msgspec.Struct, frozen=True, omit_defaults=True):
    """A check's results over a stretch in which its state did not change.

    `metrics` maps a name to (minimum, mean, maximum, count, last). `buckets` counts its values by the buckets of
    `checks.rollup`, where there are more than those five say.
    """

    check: str
    start: Moment
    end: Moment
    state: int
    count: int
    output: str = ""
    metrics: dict[str, tuple[float, float, float, int, float]] = {}
    buckets: dict[str, dict[int, int]] = {}


class Results(msgspec.Struct, frozen=True, tag="results"):
    """`serial` rises by one with each message of an agent; the hub takes each once and answers `Ack`."""

    serial: int
    changes: list[CheckResult] = []
    summaries: list[Summary] = []


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """Durable at the hub: the agent may forget its spool up to this serial."""

    serial: int


class Enrol(msgspec.Struct, frozen=True, tag="enrol"):
    """On the `enrol` subsystem, before an agent is known: the secret of a one-time token, in hexadecimal."""

    secret: str
    agent_id: str
    name: str


class Enrolled(msgspec.Struct, frozen=True, tag="enrolled"):
    agent_id: str


class Goodbye(msgspec.Struct, frozen=True, tag="goodbye"):
    why: str = ""


FromAgent = Union[Hello, Heartbeat, Offer, Section, ScanEnd, Results, NewKey, Refusal, Goodbye]
FromHub = Union[Welcome, Refusal, Want, ScanNow, Work, RunCheck, RotateKey, KeyTaken, Ack, Goodbye]
