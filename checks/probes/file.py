"""Is a file there (or not), how old and how large is it, and does it hold what it should."""

from __future__ import annotations

import re
import stat
import time
from pathlib import Path
from typing import Optional

from checks.aside import aside
from checks.finding import CouldNotLook, Finding, Trace, Unhealthy
from checks.probes import Params, Probe
from checks.result import Metric
from checks.units import in_words

MAX_CONTENT_BYTES = 1024 * 1024


class FileParams(Params, frozen=True):
    """Age and size are for thresholds; `matches` is a regular expression within its first MiB."""

    path: str
    absent: bool = False
    matches: Optional[str] = None
    lacks: Optional[str] = None

    def __post_init__(self) -> None:
        for pattern in (self.matches, self.lacks):
            if pattern is not None:
                re.compile(pattern)


async def look(params: FileParams, trace: Trace) -> Finding:
    trace.doing = f"reading {params.path}: its filesystem hangs"
    try:
        return await aside(lambda: _look(params))
    except PermissionError as error:
        raise CouldNotLook(f"{params.path} may not be read: {error.strerror}", "not_permitted") from error
    except OSError as error:
        raise Unhealthy(f"{params.path} cannot be read: {error.strerror}", actual=str(error.strerror)) from error


def _look(params: FileParams) -> Finding:
    try:
        status = Path(params.path).stat()
    except FileNotFoundError:
        if params.absent:
            return Finding(f"{params.path} is not there, as it should be")
        raise Unhealthy(f"{params.path} is not there", expected="a file", actual="none") from None
    if params.absent:
        raise Unhealthy(f"{params.path} is there", expected="no file", actual="a file")
    if (params.matches or params.lacks) and stat.S_ISREG(status.st_mode):
        _assert_content(params)
    age_s = max(0.0, time.time() - status.st_mtime)
    return Finding(
        f"{params.path}: {in_words(status.st_size)}, written {age_s:.0f} s ago",
        metrics=(
            Metric("age_s", round(age_s, 1), "s", minimum=0.0),
            Metric("size_bytes", float(status.st_size), "B", minimum=0.0),
        ),
    )


def _assert_content(params: FileParams) -> None:
    with Path(params.path).open("rb") as file:
        text = file.read(MAX_CONTENT_BYTES).decode("utf-8", "replace")
    if params.matches is not None and not re.search(params.matches, text):
        raise Unhealthy(f"{params.path} does not match {params.matches!r}", expected=params.matches, actual="no match")
    if params.lacks is not None and re.search(params.lacks, text):
        raise Unhealthy(f"{params.path} matches {params.lacks!r}", expected="no match", actual="a match")


PROBE = Probe(FileParams, look)
