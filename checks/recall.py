"""What a probe remembers from its last look, where one look alone says nothing: counters, offsets in a log."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Optional

MAX_ENTRIES = 10_000


class Recall:
    """Small JSON values by key, in memory; with a file, also over a restart."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._file: Optional[Path] = None

    def keep_in(self, file: Path) -> None:
        """From now on survive in this file; what it cannot give back is begun anew."""
        self._file = file
        try:
            kept = file.read_text()
        except (OSError, ValueError):
            return
        import json  # noqa: PLC0415 - few kinds of checks remember anything

        with contextlib.suppress(ValueError, TypeError):
            self._values = {**json.loads(kept), **self._values}

    def get(self, key: str) -> Any:
        """What was remembered, or None."""
        return self._values.get(key)

    def put(self, key: str, value: Any) -> None:
        """Remember this instead; the oldest go when there are too many."""
        self._values.pop(key, None)
        self._values[key] = value
        while len(self._values) > MAX_ENTRIES:
            del self._values[next(iter(self._values))]

    def save(self) -> None:
        """Write the file whole or not at all; without one, or anything to remember, there is nothing to do."""
        if self._file is None or not self._values:
            return
        import json  # noqa: PLC0415

        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(self._values))
        draft.replace(self._file)


RECALL = Recall()
