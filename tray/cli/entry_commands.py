"""The desktop's entries that start SSO Tray: ``autostart`` and ``menu-entry``."""

from __future__ import annotations

import click

from tray.cli.command_context import CommandContext
from tray.errors import UserMustAct
from tray.system import LINUX
from tray.system.autostart.applications_entry import MenuEntry
from tray.system.autostart.autostart_entry import Autostart
from tray.system.autostart.start_at_login import autostart_for, own_command


def autostart(what: str) -> None:
    environ = CommandContext.of_this_process().environ
    entry = autostart_for(environ)
    _switch(entry, what, own_command(environ))
    _show(entry, "SSO Tray starts at login.", "SSO Tray does not start at login.")


def menu_entry(what: str) -> None:
    if not LINUX:
        raise UserMustAct("Only a Linux desktop has such an entry.")
    environ = CommandContext.of_this_process().environ
    entry = MenuEntry.of(environ)
    _switch(entry, what, own_command(environ))
    place = "in the menu of applications."
    _show(entry, f"SSO Tray is {place}", f"SSO Tray is not {place}")


def _switch(entry: Autostart, what: str, command: list[str]) -> None:
    if what == "on":
        entry.enable(command)
    elif what == "off":
        entry.disable()


def _show(entry: Autostart, on: str, off: str) -> None:
    match entry.status():
        case "on":
            click.echo(on)
        case "off":
            click.echo(off)
        case "changed":
            click.echo(f"{entry.place} was edited by hand, so SSO Tray leaves it alone.")
