"""Options that many commands share, and what they mean."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from cmdb.locations import Locations, default_state_dir
from console.errors import CommandError
from console.exit_codes import Exit
from console.ssh.visit_locations import VisitLocations

P = ParamSpec("P")
R = TypeVar("R")
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class Moment(click.ParamType[datetime]):
    """A moment: ISO 8601 (UTC where it names no zone), or an age such as `2h` or `-2h`."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        age = text.removeprefix("-")
        if age[-1:] in _UNITS_S and age[:-1].isdigit():
            return datetime.now(UTC) - timedelta(seconds=int(age[:-1]) * _UNITS_S[age[-1]])
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is not a moment: write 2026-03-27T16:00Z, or an age such as 2h", param, ctx)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


class Duration(click.ParamType[float]):
    """A length of time such as `90s`, `10m`, `2h` or `7d`, in seconds."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value).strip()
        if text[-1:] not in _UNITS_S or not text[:-1].isdigit() or len(text) > 12:
            self.fail(f"{text!r} is not a length of time: write 90s, 10m, 2h or 7d", param, ctx)
        return float(int(text[:-1]) * _UNITS_S[text[-1]])


class InputFile(click.File):
    """A file that is read. Over SSH only `-`, what the visitor pipes in: the hub's files are not theirs."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value != "-" and _is_visit(ctx):
            raise CommandError(
                Exit.NOT_ALLOWED, str(value), "over SSH no file of the hub's machine is read", "use - and pipe it in"
            )
        return super().convert(value, param, ctx)


class LocalPath(click.Path):
    """A path on this machine, which over SSH nobody names."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if _is_visit(ctx):
            raise CommandError(Exit.NOT_ALLOWED, str(value), "is not for SSH", "run it on the hub's machine")
        return super().convert(value, param, ctx)


def _is_visit(ctx: click.Context | None) -> bool:
    return ctx is not None and isinstance(ctx.find_root().obj, VisitLocations)


AT = click.Option(["--at"], type=Moment(), metavar="TIME", help="As it was at that moment.")


def with_state(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command its installation: `--state`, then the group's `--state`, then the default."""

    @click.option("--state", metavar="DIR", help="The installation's state directory.  [env: WATCHDECK_STATE]")
    @click.pass_context
    @functools.wraps(command)
    def inner(ctx: click.Context, /, *args: Any, state: str | None, **options: Any) -> R:
        if state and _is_visit(ctx):
            raise CommandError(Exit.NOT_ALLOWED, "--state", "is not for SSH", "run it on the hub's machine")
        named = state or ctx.find_root().obj
        if isinstance(named, Locations):
            return command(*args, locations=named, **options)
        directory = Path(named) if named else default_state_dir()
        return command(*args, locations=Locations(_absolute(directory)), **options)

    return inner


def _absolute(directory: Path) -> Path:
    try:
        return directory.expanduser().absolute()
    except RuntimeError as error:
        raise CommandError(Exit.USAGE, f"--state {directory}", str(error), "name another directory") from error


def reading(command: Callable[..., R]) -> Callable[..., R]:
    """`--json` and `--at` of every command that reads."""
    command = click.option("--at", type=Moment(), metavar="TIME", help="As it was at that moment.")(command)
    return click.option("--json", "as_json", is_flag=True, help="One JSON document.")(command)


def listing(command: Callable[..., R]) -> Callable[..., R]:
    """What every list takes, beside `reading`."""
    command = click.option("--watch", is_flag=True, help="Stream changes, one JSON object a line.")(command)
    command = click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N rows.")(command)
    command = click.option("--sort", default="", metavar="FIELD", help="Sort by a field; -FIELD descends.")(command)
    command = click.option("--filter", "filter_", default="", metavar="EXPR", help="Only what matches.")(command)
    return reading(command)
