"""What shells take in: the hook that follows the active profile, and completion."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, cast, get_args

import click
from click.shell_completion import get_completion_class

from tray import handout
from tray.active_profile import prompt_path, read_active, write_prompt
from tray.cli import manual
from tray.cli.environment import fish_word, posix_word, powershell_word
from tray.cli.here import Here
from tray.core.active import is_guarded

Shell = Literal["bash", "zsh", "fish", "powershell"]
SHELLS: Final = get_args(Shell)
COMPLETES: Final = ("bash", "zsh", "fish")

_HOOKS: Final[dict[Shell, tuple[str, Callable[[str], str]]]] = {
    "bash": ("hook.bash", posix_word),
    "zsh": ("hook.zsh", posix_word),
    "fish": ("hook.fish", fish_word),
    "powershell": ("hook.ps1", powershell_word),
}


@click.command("shell-init", help=manual.SHELL_INIT)
@click.argument("shell", type=click.Choice(SHELLS))
def shell_init(shell: str) -> None:
    """Print the hook."""
    here = Here.of_this_process()
    if not prompt_path(here.paths.state).exists():
        tell_prompts(here)
    name, quoted = _HOOKS[cast("Shell", shell)]
    source = Path(handout.__file__).parent / "shell" / name
    text = source.read_text(encoding="utf-8")
    click.echo(text.replace("@FILE@", quoted(str(prompt_path(here.paths.state)))), nl=False)


def tell_prompts(here: Here) -> None:
    """Tell the shells which profile is active, where no resident does."""
    active = read_active(here.paths.state)
    patterns = here.settings().preferences.guarded
    guarded = active is not None and is_guarded(active, patterns)
    write_prompt(here.paths.state, active, guarded=guarded)


@click.command(help=manual.COMPLETION)
@click.argument("shell", type=click.Choice(COMPLETES))
def completion(shell: str) -> None:
    """Print what completes."""
    from tray.cli.main import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} is not known.")
    # Without the check of bash's version, which would start a process.
    click.echo(kind(cli, {}, "sso-tray", "_SSO_TRAY_COMPLETE").source())
    sys.stdout.flush()
