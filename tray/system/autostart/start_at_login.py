"""This system's way to start SSO Tray at login, and the command it starts."""

from __future__ import annotations

from collections.abc import Mapping

from tray.system import LINUX, MACOS
from tray.system.autostart.autostart_entry import Autostart
from tray.system.spawn import windowless_program


def autostart_for(environ: Mapping[str, str]) -> Autostart:
    if LINUX:
        from tray.system.autostart.xdg_autostart import DesktopEntry

        return DesktopEntry.of(environ)
    if MACOS:
        from tray.system.autostart.launch_agent import LaunchAgent

        return LaunchAgent.of(environ)
    from tray.system.autostart.run_key import RunKey, WindowsRegistry

    return RunKey(WindowsRegistry())


def own_command(environ: Mapping[str, str]) -> list[str]:
    return [*windowless_program(environ), "run"]
