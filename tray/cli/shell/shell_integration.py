"""What shells run: the hook that follows the active profile, and completion."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, cast

import click

from tray import credential_helper
from tray.cli.command_context import CommandContext
from tray.cli.exec.credential_environment import fish_word, posix_word, powershell_ascii
from tray.cli.front.terminal import note, say
from tray.core.views.prompt_file import prompt_end
from tray.errors import TrayError, Unreachable
from tray.ipc.agent_client import OtherWorld
from tray.storage.active_profile import prompt_path, read_active, write_prompt

Shell = Literal["bash", "zsh", "fish", "powershell"]

_HOOKS: Final[dict[Shell, tuple[str, Callable[[str], str]]]] = {
    "bash": ("hook.bash", posix_word),
    "zsh": ("hook.zsh", posix_word),
    "fish": ("hook.fish", fish_word),
    "powershell": ("hook.ps1", powershell_ascii),
}


def shell_init(shell: str) -> None:
    context = CommandContext.of_this_process()
    if not _daemon_runs_here(context):
        tell_prompts(context)
    name, quoted = _HOOKS[cast("Shell", shell)]
    source = Path(credential_helper.__file__).parent / "shell" / name
    hook = source.read_text(encoding="utf-8")
    word = quoted(str(prompt_path(context.paths.state)))
    # As bytes: a path need not be text, and its bytes are the file's.
    click.echo(os.fsencode(hook.replace("@FILE@", word)), nl=False)


def _daemon_runs_here(context: CommandContext) -> bool:
    """Whether a daemon writes the prompt's file, be it of this world or another."""
    try:
        with context.daemon() as agent:
            agent.done("status")
    except Unreachable:
        return False
    except OtherWorld:
        return True
    return True


def tell_prompts(context: CommandContext) -> None:
    """Tell the shells the active profile if no daemon does; a failure is only reported."""
    from tray.cli.standalone import view_of_files

    try:
        if read_active(context.paths.state) is None:
            write_prompt(context.paths.state, None, guarded=False)
            return
        context.catalog()  # an unreadable one does not show whether the profile exists
        seen = view_of_files(context)
        write_prompt(
            context.paths.state,
            seen.active_profile,
            guarded=seen.guarded,
            ends_at=prompt_end(seen),
        )
        for problem in context.settings_or_safe().problems:
            note(problem)
    except TrayError as error:
        note(error.sentence)
    except OSError as error:
        note(f"the shell prompts can't be updated: {error.strerror}.")


def completion(shell: str) -> None:
    from tray.cli.front.click_commands import completion_script

    say(completion_script(shell), end="")
