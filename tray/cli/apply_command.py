"""``apply``: how the active profile takes effect in the AWS config (rules A1, A3)."""

from __future__ import annotations

from typing import cast

import click

from tray.cli import help_texts
from tray.cli.command_context import CommandContext, note
from tray.core.profiles.guards import is_guarded
from tray.core.profiles.managed_profile import Target
from tray.core.text import managed_text
from tray.credential_helper import install
from tray.errors import TrayError
from tray.managed import managed_sections
from tray.managed.managed_sections import ManagedContext
from tray.storage.active_profile import read_active


@click.command(
    "apply", help=help_texts.APPLY, short_help="Let the AWS config follow the active profile."
)
@click.argument("target", type=click.Choice(managed_sections.TARGETS))
@click.option("--off", is_flag=True, help="Take it out again.")
def apply(target: str, *, off: bool) -> None:
    """Write the managed section, or take it out."""
    context = CommandContext.of_this_process()
    meant = cast("Target", target)
    where = world_of(context)
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


def world_of(context: CommandContext) -> ManagedContext:
    """Return what managed sections depend on, in the world of this command."""
    return ManagedContext(
        context.paths,
        context.settings().preferences.guarded,
        lambda: install(context.paths.state, context.environ),
    )


def follow_active(context: CommandContext) -> None:
    """Let what is applied follow; the daemon does, too, and whoever comes first writes."""
    if not managed_sections.at_work(context.paths.state):
        return
    try:
        managed_sections.follow(world_of(context))
    except TrayError as error:
        note(error.sentence)
    for problem in managed_sections.problems(context.paths.state):
        note(problem)
