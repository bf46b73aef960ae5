"""``import``: what other tools sign in to, written as sessions and profiles of the AWS config."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from tray.aws.config import config_files, ini
from tray.aws.config.config_edit import SectionEdit, edited, session_header
from tray.aws.config.profile_edit import with_profiles
from tray.cli.add.config_diff import may_write, show_diff
from tray.cli.command_context import CommandContext
from tray.cli.front.terminal import note
from tray.cli.moving_in.aws_sso_cli import AwsSsoCli, settings_file
from tray.cli.moving_in.config_profiles import YAWSSO_MARKS, ConfigProfiles
from tray.core.profiles.moving_in import Found, LeftOut, MovePlan, plan_move
from tray.core.text import sentences
from tray.core.text.display_names import clean
from tray.core.text.shell_commands import login_command
from tray.errors import ConfigRejected
from tray.managed.config_write import change_config

_LISTED: Final = 20
_LEAPP_WORKSPACE: Final = ".Leapp/Leapp-lock.json"
_ENCRYPTED: Final = (
    "Leapp's workspace is encrypted. Add its roles from the portal: sso-tray add --start-url URL "
    "--sso-region REGION"
)


def move_in(*, tool: str | None, dry_run: bool, yes: bool) -> None:
    context = CommandContext.of_this_process()
    catalog = context.catalog()
    path = context.paths.aws_config
    data = config_files.read(path) or b""
    settings = AwsSsoCli(settings_file(context.environ, _home(context)))
    yawsso = _written_by_yawsso(context.paths.aws_credentials)
    profiles = ConfigProfiles(data, str(path), yawsso=yawsso, portal=settings.portal)
    every = [one for one in _every(context, profiles, settings) if tool in (None, one.tool)]
    plan = plan_move(
        [one for one in every if isinstance(one, Found)],
        catalog.sessions,
        catalog.profiles,
        profiles.names,
        context.settings_or_safe().preferences.allowed_start_urls,
    )
    _tell(every, plan)
    if not plan.sessions and not plan.profiles:
        click.echo(
            "Nothing to import." if every else "No configuration of another tool was found."
        )
        return

    def change(config: bytes) -> bytes:
        new = [SectionEdit(session_header(name), keys) for name, keys in plan.sessions]
        return with_profiles(edited(config, str(path), new), str(path), dict(plan.profiles))

    show_diff(path, change)
    if dry_run:
        click.echo("No changes made (--dry-run).")
        return
    may_write(asks=sys.stdin.isatty() and sys.stderr.isatty() and not yes)
    change_config(path, context.paths.state, change)
    sessions = sentences.counted(len(plan.sessions), "session")
    click.echo(f"Added {sessions} and {sentences.counted(len(plan.profiles), 'profile')}.")
    if plan.sessions:
        click.echo(f"Sign in with: {login_command(plan.sessions[0][0])}")
    click.echo('What other tools have written stays. "sso-tray doctor" names what is in the way.')


def _every(
    context: CommandContext, profiles: ConfigProfiles, settings: AwsSsoCli
) -> Iterator[Found | LeftOut]:
    # The config first: the names there are those that its user types.
    yield from profiles.roles()
    yield from settings.roles()
    workspace = _home(context) / _LEAPP_WORKSPACE
    if workspace.exists():
        yield LeftOut("leapp", str(workspace), "", _ENCRYPTED)


def _home(context: CommandContext) -> Path:
    return Path(context.environ.get("HOME") or Path.home())


def _written_by_yawsso(credentials: Path) -> frozenset[str]:
    data = config_files.read(credentials)
    if data is None:
        return frozenset()
    try:
        sections = ini.parse(data, str(credentials))
    except ConfigRejected:
        return frozenset()  # the catalog has named it
    return frozenset(name for name, keys in sections.items() if keys.keys() >= YAWSSO_MARKS)


def _tell(every: list[Found | LeftOut], plan: MovePlan) -> None:
    left = [one for one in every if isinstance(one, LeftOut)]
    for one in left[:_LISTED]:
        name = f' "{clean(one.name)}"' if one.name else ""
        note(f"{clean(one.place, 160)}: {one.tool}{name}: {one.why}")
    if len(left) > _LISTED:
        note(f"... and {len(left) - _LISTED} more that can't be imported.")
    for url in plan.refused:
        note(sentences.not_allowed(url))
    for theirs, ours in plan.there[:_LISTED]:
        click.echo(f'Already there: "{clean(theirs)}" is "{clean(ours)}".')
    for theirs, ours in plan.renamed[:_LISTED]:
        name = f'"{clean(theirs)}"' if theirs else "A role without a profile name"
        click.echo(f'{name} is imported as "{clean(ours)}".')
