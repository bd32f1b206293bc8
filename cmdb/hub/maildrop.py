"""Mail as events: what is new in a Maildir or an IMAP folder is taken in, then marked as seen."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from cmdb.config import MailSection
from cmdb.hub.imap_folder import ImapFolder
from cmdb.practices.outside import Event, from_mail
from cmdb.store.protocol import StoreError

LARGEST_BYTES = 10 * 1024 * 1024
MOST_AT_ONCE = 100
_log = logging.getLogger(__name__)


class Mailbox(Protocol):
    """Its verbs block, and raise `OSError`."""

    def new(self) -> Iterable[tuple[str, bytes]]:
        """What nobody has seen, oldest first: its name and its content, cut to what is bearable."""

    def saw(self, name: str) -> None:
        """It is on record: it is not to come again."""

    def close(self) -> None:
        """Let go of what it holds."""


def mailboxes_of(config: MailSection) -> list[Mailbox]:
    """Those that the configuration names."""
    found: list[Mailbox] = [Maildir(Path(config.maildir))] if config.maildir else []
    if config.imap:
        password_file, ca_file = Path(config.password_file), Path(config.ca_file) if config.ca_file else None
        found.append(ImapFolder(config.imap, password_file, ca_file, LARGEST_BYTES, MOST_AT_ONCE))
    return found


async def watch_mail(mailbox: Mailbox, every_s: float, report: Callable[[Sequence[Event]], Awaitable[None]]) -> None:
    """Look for new mail until cancelled. What is marked as seen is on record; after a kill between a mail comes twice,
    and is known by its Message-ID."""
    try:
        while True:
            await _look(mailbox, report)
            await asyncio.sleep(every_s)
    finally:
        mailbox.close()


async def _look(mailbox: Mailbox, report: Callable[[Sequence[Event]], Awaitable[None]]) -> None:
    try:
        for name, content in await asyncio.to_thread(lambda: list(mailbox.new())):
            await report([from_mail(content)])
            await asyncio.to_thread(mailbox.saw, name)
    except StoreError as error:
        _log.warning("mail is left where it is: %s", error)
    except OSError as error:
        _log.warning("%s cannot be read: %s", mailbox, error.strerror or error)


class Maildir:
    """A mail is moved to `cur` when it was seen. Fetching mail into it is others' work."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __str__(self) -> str:
        return str(self._folder)

    def new(self) -> Iterable[tuple[str, bytes]]:
        paths = sorted((self._folder / "new").iterdir(), key=lambda path: path.name)[:MOST_AT_ONCE]
        return [(path.name, _head_of(path)) for path in paths if path.is_file()]

    def saw(self, name: str) -> None:
        (self._folder / "cur").mkdir(exist_ok=True)
        (self._folder / "new" / name).replace(self._folder / "cur" / f"{name}:2,S")

    def close(self) -> None:
        """Nothing is held open."""


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES)
