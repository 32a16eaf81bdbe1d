"""`viguard completion`: the script that a shell sources."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> None:
    """Print the completion script for a shell.

    \b
    bash: viguard completion bash > ~/.local/share/bash-completion/completions/viguard
    zsh:  viguard completion zsh  > "${fpath[1]}/_viguard"
    fish: viguard completion fish > ~/.config/fish/completions/viguard.fish
    """
    from viguard.cli.main import main

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(found(main, {}, "viguard", "_VIGUARD_COMPLETE").source())
