"""Every probe test here also shows that nothing is left behind: no socket, no task, no pipe, no child."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.certificates import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
async def _leaves_nothing_behind() -> AsyncIterator[None]:
    asyncio.get_running_loop()
    before, children_before = _open_descriptors(), _children()
    yield
    assert asyncio.all_tasks() == {asyncio.current_task()}, "a task is left behind"
    left = {link for descriptor, link in _open_descriptors().items() if before.get(descriptor) != link}
    assert not left, f"left open: {left}"
    assert _children() <= children_before, "a child process is left behind"


def _open_descriptors() -> dict[str, str]:
    links = {}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            links[entry.name] = str(entry.readlink())
        except OSError:
            continue  # the descriptor of this very listing
    return {descriptor: link for descriptor, link in links.items() if link != "anon_inode:[eventpoll]"}  # a loop's own


def _children() -> list[str]:
    found = []
    for task in Path("/proc/self/task").iterdir():
        try:
            found.append((task / "children").read_text().strip())
        except OSError:
            continue  # a thread of the other end that has just ended
    return [text for text in found if text]
