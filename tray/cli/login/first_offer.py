"""One offer at the terminal after the first sign-in: start at login, and the AWS default."""

from __future__ import annotations

import sys

import click

from tray.cli import apply_command
from tray.cli.command_context import CommandContext, now
from tray.cli.front.terminal import note
from tray.errors import TrayError, sentence_of
from tray.managed import managed_sections
from tray.storage.daemon_record import may_offer
from tray.system.autostart.start_at_login import autostart_for, own_command


def offer(context: CommandContext) -> None:
    """Ask once in a lifetime, and only who can answer; a later yes is a command."""
    if "CI" in context.environ or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    entry, state = autostart_for(context.environ), context.paths.state
    at_login = entry.status() == "off" and context.settings_or_safe().start_daemon != "never"
    follows = "default" in managed_sections.applies(state)
    if (not at_login and follows) or not may_offer(state, now().wall):
        return
    try:
        if at_login and _yes("Start SSO Tray at every login?", "sso-tray autostart on"):
            entry.enable(own_command(context.environ))
        question = "Let aws and every SDK follow the active profile?"
        if not follows and _yes(question, "sso-tray apply default"):
            apply_command.apply("default", off=False)
    except (TrayError, OSError) as error:
        # The sign-in is done, and neither is needed for it.
        note(sentence_of(error))


def _yes(question: str, later: str) -> bool:
    if click.confirm(question, default=False, err=True):
        return True
    note(f"Later: {later}")
    return False
