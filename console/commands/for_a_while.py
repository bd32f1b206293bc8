"""What holds for a while: from when, until when, why. The options that overrides, silences and windows share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click

from console.commands.options import Duration, Moment

R = TypeVar("R")


def for_a_while(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command `start`, `end` (from `--end` or `--for`), `text` (`-m`) and `as_json`."""

    @click.option("--start", type=Moment(), metavar="TIME", help="From then on, not from now.")
    @click.option("--end", type=Moment(), metavar="TIME", help="Until then.")
    @click.option("--for", "length_s", type=Duration(), metavar="TIME", help="For so long (2h).")
    @click.option("-m", "--message", "text", default="", metavar="TEXT", help="Why.")
    @click.option("--json", "as_json", is_flag=True, help="What was made as one JSON document.")
    @functools.wraps(command)
    def inner(*args: Any, start: datetime | None, end: datetime | None, length_s: float | None, **more: Any) -> R:
        return command(*args, start=start, end=_end(start, end, length_s), **more)

    return inner


def _end(start: datetime | None, end: datetime | None, length_s: float | None) -> datetime:
    if (end is None) is (length_s is None):
        raise click.UsageError("say until when: --end TIME or --for 8h")
    return end or (start or datetime.now(UTC)) + timedelta(seconds=length_s or 0)
