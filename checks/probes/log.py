"""New lines of a log that match a pattern, since the last look; a rotated log is read on from its beginning."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from checks.aside import aside
from checks.finding import CouldNotLook, Finding, Trace, Unhealthy
from checks.perfdata import printable
from checks.probes import Params, Probe
from checks.recall import RECALL
from checks.result import Metric

MAX_READ_BYTES = 16 * 1024 * 1024
MAX_KEPT_LINES = 20


class LogParams(Params, frozen=True):
    """Each new line that matches `pattern` and not `ignore` counts in metric `matches`; `at_most` may pass."""

    path: str
    pattern: str
    ignore: str = ""
    at_most: int = 0

    def __post_init__(self) -> None:
        re.compile(self.pattern)
        re.compile(self.ignore)


class New(NamedTuple):
    """What was added to the log: matching lines, how many bytes were not read because there were too many."""

    matches: list[str]
    lines: int
    skipped_bytes: int


async def look(params: LogParams, trace: Trace) -> Finding:
    trace.doing = f"reading {params.path}"
    try:
        new = await aside(lambda: _read_on(params))
    except PermissionError as error:
        raise CouldNotLook(f"{params.path} may not be read: {error.strerror}", "not_permitted") from error
    except OSError as error:
        raise Unhealthy(f"{params.path} cannot be read: {error.strerror}", actual=str(error.strerror)) from error
    return judge_lines(params, new)


def _read_on(params: LogParams) -> New:
    key = f"log {params.path} {params.pattern} {params.ignore}"
    with open(params.path, "rb") as file:  # noqa: PTH123 - a plain descriptor, whose inode is asked for
        status = os.fstat(file.fileno())
        known = RECALL.get(key)
        inode, offset = known if isinstance(known, list) else (status.st_ino, status.st_size)
        start = 0 if inode != status.st_ino or offset > status.st_size else int(offset)
        skipped = max(0, status.st_size - start - MAX_READ_BYTES)
        file.seek(start + skipped)
        data = file.read(MAX_READ_BYTES)
    whole, _, _ = data.rpartition(b"\n")  # a line that is still being written is for the next look
    RECALL.put(key, [status.st_ino, start + skipped + (len(whole) + 1 if whole or data.startswith(b"\n") else 0)])
    lines = whole.decode("utf-8", "replace").splitlines()
    return New([line for line in lines if is_match(params, line)], len(lines), skipped)


def is_match(params: LogParams, line: str) -> bool:
    """Whether this line is one to report."""
    return bool(re.search(params.pattern, line)) and not (params.ignore and re.search(params.ignore, line))


def judge_lines(params: LogParams, new: New) -> Finding:
    """Well up to `at_most` matches; the last ones are in the detail; raises `Unhealthy`."""
    count = len(new.matches)
    metrics = (Metric("matches", float(count), minimum=0.0), Metric("lines", float(new.lines), minimum=0.0))
    detail = printable("\n".join(line[:500] for line in new.matches[-MAX_KEPT_LINES:]))
    skipped = f", {new.skipped_bytes} bytes skipped" if new.skipped_bytes else ""
    said = f"{params.path}: {count} of {new.lines} new lines match{skipped}"
    if count > params.at_most:
        last = printable(new.matches[-1])[:200]
        raise Unhealthy(
            f"{said}: {last}", expected=f"at most {params.at_most}", actual=str(count), detail=detail, metrics=metrics
        )
    return Finding(said, metrics=metrics, detail=detail)


PROBE = Probe(LogParams, look)
