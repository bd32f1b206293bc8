"""A secret that a probe needs, read from its file at each run: never in a definition, a result or a log."""

from __future__ import annotations

from pathlib import Path

from checks.finding import CouldNotLook


def read_secret(path: str) -> str:
    """The file's content without the line end; raises `CouldNotLook`."""
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise CouldNotLook(f"the secret in {path} cannot be read: {why}", "not_permitted") from error
