"""Start at login: ``autostart on|off|status``."""

from __future__ import annotations

import click

from tray.cli.command_context import CommandContext
from tray.system.autostart.start_at_login import autostart_for, own_command


def autostart(what: str) -> None:
    environ = CommandContext.of_this_process().environ
    entry = autostart_for(environ)
    if what == "on":
        entry.enable(own_command(environ))
    elif what == "off":
        entry.disable()
    match entry.status():
        case "on":
            click.echo("SSO Tray starts at login.")
        case "off":
            click.echo("SSO Tray does not start at login.")
        case "changed":
            click.echo(f"{entry.place} was edited by hand, so SSO Tray leaves it alone.")
