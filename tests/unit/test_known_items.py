"""Only items that changed are sent again, and the record is the same as if all had been."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.discovery.digest import digest_of
from agent.known_items import KnownItems
from agent.wire import Hello, Item, SectionOutcome
from cmdb.hub.intake import Scanned, ScannedSection
from cmdb.hub.live_agent import Origin
from cmdb.model.kind import Kind
from tests.support.fleet import KEYS, Fleet

MEMBER = ("member_of", "interface", "bond0")
HOST = Item("host", "host", "web-1", keys=KEYS)
VAR = Item("filesystem", "/var", "/var", {"type": "ext4"}, {"used_bytes": 1})
ROOT = Item("filesystem", "/", "/", {"type": "ext4"})
XFS = Item("filesystem", "/var", "/var", {"type": "xfs"}, {"used_bytes": 2})


def outcome(*items: Item, name: str = "filesystem", how: str = "ok") -> SectionOutcome:
    return SectionOutcome(name, how, digest=digest_of(items))


def known(path: Path, *items: Item, how: str = "ok") -> KnownItems:
    """As a later scan's child reads what this one kept."""
    KnownItems(path).keep([(outcome(*items, how=how), items)])
    return KnownItems(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "known.msgpack"


def test_what_is_new_changed_or_gone_is_told(path: Path) -> None:
    srv = Item("filesystem", "/srv", "/srv")
    told = known(path, ROOT, VAR, srv).differences("filesystem", digest_of([ROOT, VAR, srv]), [ROOT, XFS])
    assert told == ([XFS], [("filesystem", "/srv")])


def test_a_metric_is_no_difference(path: Path) -> None:
    fuller = Item("filesystem", "/var", "/var", {"type": "ext4"}, {"used_bytes": 9})
    assert known(path, ROOT, VAR).differences("filesystem", digest_of([ROOT, VAR]), [ROOT, fuller]) == ([], [])


def test_what_the_hub_has_otherwise_is_sent_whole(path: Path) -> None:
    assert known(path, ROOT).differences("filesystem", digest_of([VAR]), [ROOT, VAR]) is None


def test_what_is_related_to_something_new_is_told_again(path: Path) -> None:
    bond, port = Item("interface", "bond0", "bond0"), Item("interface", "eth0", "eth0", relations=(MEMBER,))
    lo = Item("interface", "lo", "lo")
    told = known(path, lo, port).differences("filesystem", digest_of([lo, port]), [bond, lo, port])
    assert told == ([bond, port], [])


def test_more_differences_than_items_are_sent_whole(path: Path) -> None:
    assert known(path, ROOT, VAR).differences("filesystem", digest_of([ROOT, VAR]), [XFS]) is None


def test_a_section_that_did_not_go_well_is_not_what_others_are_compared_with(path: Path) -> None:
    assert known(path, ROOT, VAR, how="partial").differences("filesystem", digest_of([ROOT, VAR]), [ROOT, VAR]) is None


def test_a_damaged_memory_is_none(path: Path) -> None:
    known(path, ROOT)
    path.write_bytes(path.read_bytes()[:-3])
    assert KnownItems(path).differences("filesystem", digest_of([ROOT]), [ROOT]) is None


class Pair:
    """Two hubs that are told of the same host: one everything, one only differences."""

    def __init__(self, folder: Path) -> None:
        self.whole, self.differing, self._path = Fleet(), Fleet(), folder / "known.msgpack"
        self._digests: dict[str, str] = {}

    async def report(self, filesystems: Sequence[Item], how: str, hours: float) -> None:
        for fleet in (self.whole, self.differing):
            fleet.clock.at += timedelta(hours=hours)
            if await fleet.ingest.record("a") is None:
                await fleet.ingest.arrive(Hello(1, "a", "a", "0.1", "linux"), Origin())
        for fleet, sections in ((self.whole, self._all), (self.differing, self._since)):
            told = sections(filesystems, how)
            await fleet.ingest.report("a", Scanned(fleet.clock.now(), 0.1, told))
        KnownItems(self._path).keep([(outcome(*filesystems, how=how), filesystems)])
        if how == "ok":
            self._digests = {"filesystem": digest_of(filesystems)}
        elif how == "partial":
            self._digests = {}

    def _all(self, filesystems: Sequence[Item], how: str) -> list[ScannedSection]:
        items = list(filesystems) if how in {"ok", "partial"} else None
        return [
            ScannedSection(outcome(HOST, name="host"), [HOST]),
            ScannedSection(outcome(*filesystems, how=how), items),
        ]

    def _since(self, filesystems: Sequence[Item], how: str) -> list[ScannedSection]:
        host, whole = self._all(filesystems, how)
        base = self._digests.get("filesystem", "")
        if not base or how not in {"ok", "partial"}:
            return [host, whole]
        if base == digest_of(filesystems):
            return [ScannedSection(host.outcome), ScannedSection(whole.outcome)]
        since = KnownItems(self._path).differences("filesystem", base, filesystems)
        if since is None:
            return [ScannedSection(host.outcome), whole]
        return [ScannedSection(host.outcome), ScannedSection(whole.outcome, since.items, since.gone)]


async def state_of(fleet: Fleet) -> list[dict[str, Any]]:
    """Everything on record but when and how often it was written."""
    told = {"metrics", "sources", "last_seen", "version", "missing_reports"}
    documents = [*await fleet.store.find(Kind.CI), *await fleet.store.find(Kind.RELATION)]
    documents += await fleet.store.find(Kind.CHECK)
    return [{name: value for name, value in one.items() if name not in told} for one in documents]


MOUNTS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["ext4", "xfs"]), st.booleans()),
    unique_by=lambda mount: mount[0],
    max_size=6,
)
REPORTS = st.lists(
    st.tuples(MOUNTS, st.sampled_from(["ok", "ok", "ok", "partial", "timeout"]), st.sampled_from([1.0, 30.0])),
    min_size=2,
    max_size=8,
)


def filesystems(mounts: Sequence[tuple[str, str, bool]]) -> list[Item]:
    """Sorted; of those that are to lie on `a`, where there is one."""
    host, a = ("part_of", "host", "host"), ("part_of", "filesystem", "a")
    has_a = any(name == "a" for name, _, _ in mounts)
    return [
        Item("filesystem", name, name, {"type": type_}, relations=(a if on_a and has_a else host,))
        for name, type_, on_a in sorted(mounts)
    ]


@settings(max_examples=60)
@given(REPORTS)
async def test_differences_make_the_same_record_as_everything(
    tmp_path_factory: pytest.TempPathFactory, reports: list[tuple[list[tuple[str, str, bool]], str, float]]
) -> None:
    pair = Pair(tmp_path_factory.mktemp("known"))
    for mounts, how, hours in reports:
        await pair.report(filesystems(mounts), how, hours)
        assert await state_of(pair.differing) == await state_of(pair.whole)
