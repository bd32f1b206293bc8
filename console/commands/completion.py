"""`watchdeck completion`: the script that makes a shell complete its commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from console.commands.text import say


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a shell's completion script: eval "$(watchdeck completion bash)"."""
    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"no completion for {shell}")
    say(script(ctx.find_root().command, {}, "watchdeck", "_WATCHDECK_COMPLETE").source())
