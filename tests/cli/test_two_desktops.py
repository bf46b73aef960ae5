"""One user on two desktops at once, as at the machine and by VNC: one daemon, one icon."""

from __future__ import annotations

from typing import Any

from tests.cli.stage import Stage
from tests.desk import Desk, colour_box, desk, until
from tray.core.model import State
from tray.desktop.icon.icon_drawing import STATE_COLOURS


def test_the_first_has_the_icon_and_both_the_sessions(stage: Stage) -> None:
    """The second is told where the icon is and may move it; signing in works from either."""
    with desk(size=(640, 480)) as local, desk(size=(640, 480)) as remote:
        at_local, at_remote = variables(local), variables(remote)
        with stage.start("run", **at_local) as first:
            until(lambda: shown(local, "signed-out"), "the icon at the machine")

            second = stage.tray("run", **at_remote)
            started = stage.tray("start", **at_remote)
            again = stage.tray("start", **at_local)
            login = stage.tray("login", "corp", **at_remote)

            until(lambda: shown(local, "signed-in"), "the icon of the session")
            elsewhere = "Its icon is in another desktop session."
            assert [True, True, False] == [
                elsewhere in one.out for one in (second, started, again)
            ]
            assert {0} == {one.code for one in (second, started, again, login)}
            assert not shown(remote, "signed-in")
            assert 0 == stage.tray("quit", **at_remote).code
            first.communicate(timeout=60)
        with stage.start("run", **at_remote) as moved:
            until(lambda: shown(remote, "signed-in"), "the icon on the other desktop")
            assert not shown(local, "signed-in")
            assert 0 == stage.tray("quit", **at_local).code
            moved.communicate(timeout=60)


def variables(here: Desk) -> dict[str, Any]:
    """Return what a program of this desktop has of its own."""
    return {name: here.env[name] for name in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS")}


def shown(on: Desk, state: State) -> bool:
    """Whether the icon of a state is on a screen."""
    return colour_box(on.look(), STATE_COLOURS[state]) is not None
