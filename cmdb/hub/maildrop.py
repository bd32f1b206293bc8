"""Mail in a Maildir as events: what is new is taken in, then marked as seen. Fetching mail is others' work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from cmdb.config import MailSection
from cmdb.practices.outside import Event, from_mail
from cmdb.store.protocol import StoreError

LARGEST_BYTES = 10 * 1024 * 1024
MOST_AT_ONCE = 100
_log = logging.getLogger(__name__)


async def watch_maildir(config: MailSection, report: Callable[[Sequence[Event]], Awaitable[None]]) -> None:
    """Look for new mail until cancelled. A mail is moved to `cur` only when it is on record."""
    folder = Path(config.maildir)
    while True:
        try:
            for path, content in await asyncio.to_thread(_new_mail, folder):
                await report([from_mail(content)])
                await asyncio.to_thread(_seen, folder, path)
        except StoreError as error:
            _log.warning("mail is left where it is: %s", error)
        except OSError as error:
            _log.warning("%s cannot be read: %s", folder, error.strerror)
        await asyncio.sleep(config.look_every_s)


def _new_mail(folder: Path) -> list[tuple[Path, bytes]]:
    paths = sorted((folder / "new").iterdir(), key=lambda path: path.name)[:MOST_AT_ONCE]
    return [(path, _head_of(path)) for path in paths if path.is_file()]


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES)


def _seen(folder: Path, path: Path) -> None:
    (folder / "cur").mkdir(exist_ok=True)
    path.replace(folder / "cur" / f"{path.name}:2,S")
