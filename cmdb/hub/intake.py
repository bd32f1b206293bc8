"""One scan on its way in: which sections were wanted, which parts have come. Not what they mean.

Everything here was said by an agent and may be wrong: parts out of order, unasked sections, endless ones.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from agent.discovery.clean import clean_item, clean_text, is_clean_item
from agent.discovery.sections import ALWAYS_WHOLE, BY_NAME
from agent.wire import Item, Offer, ScanEnd, Section, SectionOutcome, Want
from cmdb.hub.item_faults import fault_of, negative_size
from cmdb.identity.decide import PINS

OUTCOMES = ("ok", "partial", "denied", "timeout", "unsupported", "failed")
WITH_ITEMS = ("ok", "partial")
MOST_SECTIONS = 64
LONGEST_NAME = 64
MOST_ITEMS = 200_000
MOST_BYTES = 128 * 1024 * 1024


class Unfit(Exception):
    """The agent said what does not fit its scan; the text says what."""


def wanted(offer: Offer, digests: Mapping[str, str], whole: Collection[str] = ()) -> Want:
    """What of this offer differs from the sections that are known by these digests. Raises `Unfit`.

    Of those that are on record `whole` the differences will do. A section that this hub has never heard of is left with
    the agent.
    """
    names = [section.name for section in offer.sections]
    if len(names) > MOST_SECTIONS or len(set(names)) != len(names):
        raise Unfit(f"an offer of {len(names)} sections, or one named twice")
    if any(len(name) > LONGEST_NAME or not name.isprintable() for name in names):
        raise Unfit("an offer of a section whose name is too long, or holds control characters")
    differing = tuple(
        section.name
        for section in offer.sections
        if section.outcome in WITH_ITEMS and section.name in BY_NAME and section.digest != digests.get(section.name)
    )
    known = {name: digests[name] for name in differing if name in whole and name not in ALWAYS_WHOLE}
    return Want(offer.scan, differing, known)


class ScannedSection(msgspec.Struct, frozen=True):
    """`items` is None where the section is as the hub has it already, or gave none (denied, timed out, failed).

    Where `gone` is None they are all that there are; else they are what is new or changed since the last report, and
    `gone` the class and key of what is there no more.
    """

    outcome: SectionOutcome
    items: list[Item] | None = None
    gone: list[tuple[str, str]] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it came with all its items."""
        return self.items is not None and self.gone is None


class Scanned(msgspec.Struct, frozen=True):
    """A whole scan as it came in, clean."""

    at: datetime
    duration_s: float
    sections: list[ScannedSection]


class Intake:
    """Collects the wanted sections of one offer. `began_s` is monotonic, `began_bytes` the link's count then."""

    def __init__(self, offer: Offer, want: Want, began_s: float, began_bytes: int) -> None:
        self.offer = offer
        self.began_s, self._began_bytes = began_s, began_bytes
        self._known = want.known
        self._items: dict[str, list[Item]] = {name: [] for name in want.sections}
        self._gone: dict[str, list[tuple[str, str]]] = {}  # of those that are told as differences
        self._names: set[tuple[str, str]] = set()
        self._next_part = dict.fromkeys(want.sections, 0)  # of those that have not come whole
        self._count = 0

    def take(self, section: Section, received_bytes: int) -> None:
        """One part. Raises `Unfit`."""
        if section.scan != self.offer.scan or self._next_part.get(section.name) != section.part:
            raise Unfit(f"part {section.part} of section {section.name[:32]} is not what comes next")
        self._bound(len(section.items) + len(section.gone), received_bytes)
        owner = BY_NAME[section.name]
        for class_, key in [*((item.class_, item.key) for item in section.items), *section.gone]:
            if not owner.owns(class_, key):
                raise Unfit(f"section {section.name} lists a {class_[:32]}")
        self._take_differences(section)
        self._items[section.name].extend(self._fit(section.name, item) for item in section.items)
        if section.last:
            del self._next_part[section.name]
        else:
            self._next_part[section.name] += 1

    def _fit(self, section: str, item: Item) -> Item:
        """The item, clean. Raises `Unfit`."""
        if not is_clean_item(item):
            if fault := fault_of(item):
                raise Unfit(f"section {section}, {_called(item)}: {fault}")
            item = clean_item(item)
        if PINS in item.keys:
            raise Unfit(f"section {section}, {_called(item)}: {PINS} are for people to say")
        if name := negative_size(item):
            raise Unfit(f"section {section}, {_called(item)}: {name} is below zero")
        if (item.class_, item.key) in self._names:
            raise Unfit(f"section {section}, {_called(item)}: listed twice")
        self._names.add((item.class_, item.key))
        return item

    def finished(self, end: ScanEnd, at: datetime) -> Scanned:
        """The whole scan, as of the hub's clock, not its agent's. Raises `Unfit` when a wanted section has not come."""
        if end.scan != self.offer.scan or self._next_part:
            raise Unfit(f"the scan ends without {', '.join(sorted(self._next_part)) or 'its own number'}")
        sections = [
            ScannedSection(clean_outcome(one), self._items.get(one.name), self._gone.get(one.name))
            for one in self.offer.sections
        ]
        return Scanned(at, end.duration_s, sections)

    def _take_differences(self, section: Section) -> None:
        """Differences are from what this hub has, in every part of the section or in none."""
        if section.base and section.part == 0:
            self._gone[section.name] = []
        base = self._known.get(section.name) if section.name in self._gone else ""
        if section.base != base or (section.gone and not base):
            raise Unfit(f"section {section.name} is told as differences from what this hub does not have")
        if base:
            self._gone[section.name].extend(section.gone)

    def _bound(self, items: int, received_bytes: int) -> None:
        self._count += items
        if self._count > MOST_ITEMS or received_bytes - self._began_bytes > MOST_BYTES:
            raise Unfit(f"a scan of more than {MOST_ITEMS} items or {MOST_BYTES} bytes")


def _called(item: Item) -> str:
    return f"{item.class_} {clean_text(item.key, 64)}"


def clean_outcome(outcome: SectionOutcome) -> SectionOutcome:
    """The outcome as it may be kept and shown."""
    return msgspec.structs.replace(
        outcome,
        outcome=outcome.outcome if outcome.outcome in OUTCOMES else "failed",
        detail=clean_text(outcome.detail, 512),
        digest=clean_text(outcome.digest, 64),
        duration_s=outcome.duration_s if 0 <= outcome.duration_s < math.inf else 0.0,
        items=max(0, outcome.items),
    )
