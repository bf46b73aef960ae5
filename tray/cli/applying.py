"""``apply``: how the active profile takes effect in the AWS config (rules A1, A3)."""

from __future__ import annotations

from typing import cast

import click

from tray import applied
from tray.active_profile import read_active
from tray.applied import World
from tray.cli import manual
from tray.cli.here import Here, note
from tray.core import applied_text
from tray.core.active import is_guarded
from tray.core.applied import Target
from tray.errors import TrayError
from tray.handout import install


@click.command(
    "apply", help=manual.APPLY, short_help="Let the AWS config follow the active profile."
)
@click.argument("target", type=click.Choice(applied.TARGETS))
@click.option("--off", is_flag=True, help="Take it out again.")
def apply(target: str, *, off: bool) -> None:
    """Write the managed section, or take it out."""
    here = Here.of_this_process()
    meant = cast("Target", target)
    where = world_of(here)
    here.catalog()  # a config that botocore refuses is named before anything else
    if off:
        ours = applied.take_back(where, meant)
        click.echo(applied_text.taken_back(meant) if ours else applied_text.not_applied(meant))
        return
    applied.apply(where, meant)
    for problem in applied.problems(here.paths.state):
        note(problem)
    active = read_active(here.paths.state)
    guarded = active is not None and is_guarded(active, where.guarded)
    click.echo(applied_text.applied(meant, active, guarded=guarded))


def world_of(here: Here) -> World:
    """Return what managed sections depend on, in the world of this command."""
    return World(
        here.paths,
        here.settings().preferences.guarded,
        lambda: install(here.paths.state, here.environ),
    )


def follow_active(here: Here) -> None:
    """Let what is applied follow; the resident does, too, and whoever comes first writes."""
    if not applied.at_work(here.paths.state):
        return
    try:
        applied.follow(world_of(here))
    except TrayError as error:
        note(error.sentence)
    for problem in applied.problems(here.paths.state):
        note(problem)
