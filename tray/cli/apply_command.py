"""``apply``: how the active profile takes effect in the AWS config (rules A1, A3)."""

from __future__ import annotations

from typing import cast

import click

from tray.cli.command_context import CommandContext
from tray.cli.front.terminal import note
from tray.core.profiles.guards import is_guarded
from tray.core.profiles.managed_profile import Target
from tray.core.text import managed_text
from tray.credential_helper.helper_installation import install
from tray.errors import TrayError
from tray.managed import managed_sections
from tray.managed.section_plan import ManagedContext
from tray.storage.active_profile import read_active
from tray.storage.settings import Settings


def apply(target: str, *, off: bool) -> None:
    context = CommandContext.of_this_process()
    meant = cast("Target", target)
    settings = context.settings_or_safe()
    for problem in settings.problems:
        note(problem)
    where = _managed(context, settings)
    context.catalog()  # a config that botocore refuses is named before anything else
    if off:
        ours = managed_sections.take_back(where, meant)
        click.echo(managed_text.taken_back(meant) if ours else managed_text.not_applied(meant))
        return
    managed_sections.apply(where, meant)
    for problem in managed_sections.problems(context.paths.state):
        note(problem)
    active = read_active(context.paths.state)
    guarded = active is not None and is_guarded(active, where.guarded)
    click.echo(managed_text.applied(meant, active, guarded=guarded))


def _managed(context: CommandContext, settings: Settings) -> ManagedContext:
    return ManagedContext(
        context.paths,
        settings.preferences.guarded,
        lambda: install(context.paths.state, context.environ),
    )


def follow_active(context: CommandContext) -> bool:
    """Apply the active profile, as the daemon does; False if that failed, which is reported."""
    said: tuple[str, ...]
    try:
        said = managed_sections.follow(_managed(context, context.settings_or_safe()))
    except TrayError as error:
        said = (error.sentence,)
    except OSError as error:
        said = (f"The AWS config can't be written: {error.strerror}.",)
    for sentence in said:
        note(sentence)
    return not said
