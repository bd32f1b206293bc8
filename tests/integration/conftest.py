"""A real hub for one test and a client of it; a module says by `files`, `config`, `store` or `actor` what differs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from cmdb.config import Config
from cmdb.hub.client import HubClient
from cmdb.hub.hub import Hub
from cmdb.store.memory import MemoryStore
from cmdb.store.protocol import Store
from tests.programs import needs
from tests.support.hub import HandClock, client_of, hub_at
from tests.support.ssh import Site, site_at


@pytest.fixture
def clock() -> HandClock:
    """Monday 2026-03-02, 12:00 UTC, until it is turned."""
    return HandClock()


@pytest.fixture
def files() -> Mapping[str, str]:
    """What lies in the hub's folder before it begins: text by path."""
    return {}


@pytest.fixture
def config() -> Config:
    return Config()


@pytest.fixture
async def store(tmp_path: Path) -> Store:
    """The hub closes it."""
    return MemoryStore()


@pytest.fixture
async def hub(
    tmp_path: Path, clock: HandClock, files: Mapping[str, str], config: Config, store: Store
) -> AsyncIterator[Hub]:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    async with hub_at(tmp_path, config=config, clock=clock, store=store) as hub:
        yield hub


@pytest.fixture
def actor() -> str:
    """Who the client acts as; nobody: whoever runs the tests."""
    return ""


@pytest.fixture
async def client(hub: Hub, actor: str) -> AsyncIterator[HubClient]:
    async with await client_of(hub) as client:
        if actor:
            await client.call("hub.act_as", actor=actor)
        yield client


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A real hub with its SSH door open."""
    needs("ssh", "ssh-keygen")
    async with site_at(tmp_path) as site:
        yield site


@pytest.fixture
async def admin(site: Site) -> AsyncIterator[HubClient]:
    """A client of the site's hub, as its owner."""
    async with await client_of(site.hub) as client:
        yield client
