"""The console in a terminal of its own: it starts without a hub and ends with its terminal, however that ends."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.session import Session


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    session = Session(tmp_path)
    try:
        session.shows(b"No hub")
        yield session
    finally:
        session.end()


def _press(key: bytes) -> Callable[[Session], object]:
    return lambda session: session.press(key)


def _signal(number: int) -> Callable[[Session], object]:
    return lambda session: session.process.send_signal(number)


@pytest.mark.slow
@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(_press(b"q"), id="q"),
        pytest.param(_press(b"\x03"), id="ctrl-c"),
        pytest.param(_signal(signal.SIGTERM), id="sigterm"),
        pytest.param(_signal(signal.SIGHUP), id="sighup"),
    ],
)
def test_it_leaves_cleanly_and_gives_the_terminal_back(session: Session, leave: Callable[[Session], object]) -> None:
    leave(session)
    assert session.ended() == 0
    assert b"\x1b[?1049l\x1b[?25h" in session.seen


@pytest.mark.slow
def test_it_ends_with_its_terminal_and_uses_no_time_for_that(session: Session) -> None:
    session.hang_up()
    assert session.ended() == 0
