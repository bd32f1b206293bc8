"""Asking the hub: the connection of a command, and the shapes that most commands have (a list, one record)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
import msgspec

from agent.unix_socket import connect
from cmdb.hub.blocking_client import BlockingClient, HubRefusal
from cmdb.locations import Locations
from console.commands.options import listing, with_state
from console.commands.text import Column, print_json, say, table, told_at
from console.errors import CommandError, of_failure
from console.exit_codes import Exit


@contextmanager
def hub(locations: Locations) -> Iterator[BlockingClient]:
    """A connection to the installation's hub; what goes wrong with it is said as the command line says it."""
    try:
        connection = connect(locations.hub_socket)
    except (OSError, ValueError) as error:
        raise _unreachable(locations, error) from error
    with BlockingClient(connection) as client:
        try:
            yield client
        except HubRefusal as refusal:
            raise of_failure(refusal.failure) from refusal
        except (EOFError, ConnectionError) as error:
            raise _unreachable(locations, error) from error


def _unreachable(locations: Locations, error: Exception) -> CommandError:
    absent = isinstance(error, (FileNotFoundError, ConnectionRefusedError))
    why = "no hub runs there" if absent else str(error) or type(error).__name__
    return CommandError(Exit.UNREACHABLE, f"hub of {locations.state}", why, "start one with: watchdeck up")


def ask(locations: Locations, verb: str, **arguments: Any) -> Any:
    """The result of one verb; arguments that are None are left out."""
    with hub(locations) as client:
        return client.call(verb, **given(arguments))


def given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Only what was asked for."""
    return {name: value for name, value in arguments.items() if value is not None and value != ""}


def list_command(
    verb: str,
    columns: Sequence[Column],
    *,
    help_: str,
    empty: str,
    view: str,
    options: Sequence[click.Option] = (),
    name: str = "list",
) -> click.Command:
    """The `list` command of a noun: rows of `verb` as a table or JSON; `--watch` follows `view`.

    `options` are passed on to the verb under their own names.
    """

    @click.command(name, help=help_)
    @listing
    @with_state
    def command(
        locations: Locations,
        as_json: bool,
        at: datetime | None,
        filter_: str,
        sort: str,
        limit: int | None,
        watch: bool,
        **more: Any,
    ) -> None:
        if watch:
            _watch(locations, view, {"filter": filter_, "sort": sort, "limit": limit}, more)
            return
        rows = ask(locations, verb, filter=filter_, sort=sort, limit=limit, at=at, **more)
        if as_json:
            print_json(rows)
        else:
            with told_at(at):
                say(table(rows, columns, empty=empty))

    command.params[:0] = options
    return command


def _watch(locations: Locations, view: str, query: Mapping[str, Any], args: Mapping[str, Any]) -> None:
    """One JSON object a line: each row at first, then each row that is new or changed."""
    with hub(locations) as client:
        opened = client.call("view.open", view=view, args=given(args), **given(query))
        _print_lines(opened["rows"])
        for event in client.events():
            _print_lines(_changed_rows(event.data))


def _changed_rows(data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    rows = data["rows"]
    return list(rows.values()) if isinstance(rows, Mapping) else rows


def _print_lines(rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        click.echo(msgspec.json.encode(row).decode())


def show_command(
    name: str,
    verb: str,
    argument: click.Argument | None,
    *,
    help_: str,
    render: Callable[[Any], str],
    status: Callable[[Any], int] = lambda _: Exit.DONE,
    options: Sequence[click.Option] = (),
) -> click.Command:
    """A command that reads one thing (by its id, where it has one) and shows it as `render` says, or as JSON."""

    @click.command(name, help=help_)
    @click.option("--json", "as_json", is_flag=True, help="One JSON document.")
    @with_state
    def command(locations: Locations, as_json: bool, **arguments: Any) -> int:
        document = ask(locations, verb, **arguments)
        if as_json:
            print_json(document)
        else:
            with told_at(arguments.get("at")):
                say(render(document))
        return status(document)

    command.params[:0] = [*([] if argument is None else [argument]), *options]
    return command
