"""The desktop's menu of applications: ``menu-entry on|off|status``."""

from __future__ import annotations

import click

from tray.cli.command_context import CommandContext
from tray.errors import UserMustAct
from tray.system import LINUX
from tray.system.autostart.applications_entry import MenuEntry
from tray.system.autostart.start_at_login import own_command


def menu_entry(what: str) -> None:
    if not LINUX:
        raise UserMustAct("Only a Linux desktop has such an entry.")
    environ = CommandContext.of_this_process().environ
    entry = MenuEntry.of(environ)
    if what == "on":
        entry.enable(own_command(environ))
    elif what == "off":
        entry.disable()
    match entry.status():
        case "on":
            click.echo("SSO Tray is in the menu of applications.")
        case "off":
            click.echo("SSO Tray is not in the menu of applications.")
        case "changed":
            click.echo(f"{entry.place} was edited by hand, so SSO Tray leaves it alone.")
