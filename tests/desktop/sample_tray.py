"""
A small program with an icon and a menu, for tests to click at: ``python -m ... STATE``.

Each row prints its key. ``use:`` rows move the radio mark, ``state:`` rows change the icon, and
``quit`` ends. What the tray does is printed as ``host: REASON``.
"""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from typing import get_args

from tray.core.model import State
from tray.desktop.icon.icon_drawing import drawn
from tray.desktop.icon.icon_state import IconState
from tray.desktop.linux.session_bus import SessionBus
from tray.desktop.linux.status_notifier import StatusNotifierIcon
from tray.desktop.menu.menu_rows import SEPARATOR, Menu, Row

PROFILES = ("dev", "staging_eu", "prod")
STATES: tuple[State, ...] = get_args(State)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Sample:
    """The program."""

    def __init__(self) -> None:
        self.active = "dev"
        self.icon = StatusNotifierIcon("sso-tray", title="SSO Tray")
        self.store = SessionBus(os.environ, retry_seconds=0.2)
        self.icon.on_host(lambda _, reason: say(f"host: {reason}"))
        self.icon.on_open(lambda: say("open"))
        self.icon.detail = "corp: signed in & <b>well</b>\nlab: ends at 17:42"
        self.store.join(self.icon)

    def look(self, state: State) -> None:
        """Change the icon."""
        say(f"state:{state}")
        self.icon.icon = drawn(IconState(state, 0.5 if state == "ending" else None))
        self.icon.attention = state in ("ending", "expired")

    def use(self, name: str) -> None:
        """Pick a profile."""
        say(f"use:{name}")
        self.active = name
        self.icon.menu = self.menu()

    def quit(self) -> None:
        """End."""
        say("quit")
        self.store.stop()

    def profile(self, name: str) -> Row:
        """Return the radio row of a profile."""
        picked = name == self.active
        return Row(f"use:{name}", name, partial(self.use, name), checked=picked, radio=True)

    def menu(self) -> Menu:
        """Return the menu as it is now."""
        profiles = Menu(*map(self.profile, PROFILES))
        states = Menu(*(Row(f"state:{one}", one, partial(self.look, one)) for one in STATES))
        return Menu(
            Row("nothing", "Nothing to click", None, enabled=False),
            Row("profiles", f"Profile: {self.active}", profiles),
            Row("states", "State", states),
            SEPARATOR,
            Row("autostart", "Start at login", partial(say, "autostart"), checked=True),
            Row("quit", "Quit", self.quit),
        )

    async def run(self, state: State) -> None:
        """Serve until the row Quit."""
        self.icon.menu = self.menu()
        self.look(state)
        await self.store.serve()


if __name__ == "__main__":
    [chosen] = [one for one in STATES if one == sys.argv[1]]
    asyncio.run(Sample().run(chosen))
