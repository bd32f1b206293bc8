"""The edge where errors of files and of the store become the command line's: what, why, what next, exit status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cmdb.store.protocol import StoreError, StoreTaken
from cmdb.toml_file import TomlError
from console.errors import CommandError
from console.exit_codes import Exit


@contextmanager
def errors_said() -> Iterator[None]:
    """Let nothing of a file or of the store through but as `CommandError`."""
    try:
        yield
    except TomlError as error:
        raise CommandError(Exit.USAGE, error.what, error.why, error.next_step) from error
    except StoreTaken as error:
        raise CommandError(Exit.CONFLICT, error.what, error.why, error.next_step) from error
    except StoreError as error:
        raise CommandError(Exit.WRONG, error.what, error.why, error.next_step) from error
