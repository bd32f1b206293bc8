"""The `watchdeck` command: one command line run, its errors said in one line, its exit status returned."""

from __future__ import annotations

import os
import signal
import sys

import click

from cmdb.locations import Locations
from console.commands.grammar import run
from console.errors import CommandError, one_line
from console.exit_codes import Exit


def main() -> None:
    """Run the process's own command line and exit."""
    sys.exit(answer(sys.argv[1:]))


def answer(arguments: list[str], locations: Locations | None = None) -> int:
    """Run a command line, print its error if it has one, and return its exit status.

    With `locations` it is that installation's, whatever the environment says.
    """
    try:
        status = run(arguments, locations)
        sys.stdout.flush()
    except CommandError as error:
        return say_error(error)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return Exit.USAGE
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "watchdeck"
        return _say(one_line(error.format_message().rstrip("."), "", f"see {command} --help"), Exit.USAGE)
    except click.ClickException as error:
        return _say(one_line(error.format_message()), Exit.USAGE)
    except (click.Abort, KeyboardInterrupt):
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # The reader went away (`| head`): nothing more to say, and nothing to flush at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    return status


def say_error(error: CommandError) -> int:
    """Print it as the command line does; its exit status."""
    return _say(str(error), error.status)


def _say(line: str, status: int) -> int:
    click.echo(f"watchdeck: {line}", err=True)
    return status


if __name__ == "__main__":
    main()
