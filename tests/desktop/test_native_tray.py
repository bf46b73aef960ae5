"""The tray where the system wants it on the main thread: macOS and Windows (G4)."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.core.story import CORP, LAB, Story, token
from tests.desk import desk, until
from tests.desktop.native_slate import Slate
from tray.core import events as ev
from tray.core.menu.menu_entry import MenuExtras
from tray.core.views.view import View
from tray.desktop.icon.icon_drawing import STATE_COLOURS
from tray.desktop.native.main_thread import MainThread
from tray.desktop.native.native_tray import NativeTray

ROOT = Path(__file__).parents[2]


def views() -> tuple[View, View]:
    """Return a view with nobody signed in, and one with somebody."""
    before = Story(CORP, LAB)
    after = Story(CORP, LAB, stores={"corp": "keyring"})
    after.file(token())
    return before.view(), after.view()


class Place:
    """A native tray on a slate, and what it told the loop."""

    def __init__(self, main: MainThread, make: Callable[..., Slate], **how: Any) -> None:
        self.events: asyncio.Queue[tuple[ev.Event, int]] = asyncio.Queue()
        self.hosts: asyncio.Queue[tuple[bool, str]] = asyncio.Queue()
        self.slates: list[Slate] = []

        def made(*arguments: Any) -> Slate:
            self.slates.append(make(*arguments))
            return self.slates[-1]

        self.tray = NativeTray(
            main,
            made,
            act=lambda event: self.events.put_nowait((event, threading.get_ident())),
            extras=MenuExtras,
            host=lambda present, reason: self.hosts.put_nowait((present, reason)),
            **how,
        )

    async def settled(self) -> None:
        """Wait until the main thread has done all it was asked for."""
        done = asyncio.Event()
        loop = asyncio.get_running_loop()
        self.slates[0].on_main(lambda: loop.call_soon_threadsafe(done.set))
        await done.wait()


def test_all_of_the_icon_lives_on_the_main_thread() -> None:
    """Pictures, titles and menus are changed there alone, and a click comes back to the loop."""
    main, first = MainThread(), threading.get_ident()

    async def serve() -> tuple[Slate, ev.Event, int, int]:
        place = Place(main, Slate)
        for view in views():
            place.tray.show(view)
        assert (True, "") == await place.hosts.get()
        place.tray.show(views()[0])
        await place.settled()
        slate = place.slates[0]
        row = next(row for row in slate.menu.items if str(row.text).startswith("Quit"))
        slate.on_main(lambda: row(slate))
        event, thread = await place.events.get()
        place.tray.stop()
        return slate, event, thread, threading.get_ident()

    slate, event, thread, loop = main.run(serve)

    assert (first, []) == (slate.owner, slate.elsewhere)
    assert (ev.QuitRequested(), loop, True) == (event, thread, loop != first)
    assert {"show", "icon", "menu"} <= set(slate.told)


def test_what_is_the_same_is_not_told_again() -> None:
    """The menu is made anew only when it differs (M4)."""
    main = MainThread()

    async def serve() -> tuple[list[str], list[str]]:
        place = Place(main, Slate)
        place.tray.show(views()[1])
        await place.hosts.get()
        await place.settled()
        slate = place.slates[0]
        before = list(slate.told)
        for _ in range(3):
            place.tray.show(views()[1])
        await place.settled()
        return before, list(slate.told)

    before, after = main.run(serve)

    assert before == after


def test_an_icon_that_cannot_be_made_costs_the_icon_alone() -> None:
    """Fault 72: it is told why, and the loop goes on to its own end."""
    main = MainThread()

    def broken(*_: Any) -> Slate:
        msg = "no window server"
        raise OSError(msg)

    async def serve() -> tuple[bool, str]:
        place = Place(main, broken)
        place.tray.show(views()[0])
        told = await place.hosts.get()
        place.tray.show(views()[1])
        place.tray.stop()
        return told

    present, reason = main.run(serve)

    assert (False, True) == (present, "OSError" in reason)


def test_the_end_comes_before_the_icon_stands() -> None:
    """A daemon that ends at once leaves no icon's loop behind that nobody ends."""
    main = MainThread()

    async def serve() -> str:
        Place(main, Slate).tray.show(views()[0])
        return "ended"

    assert "ended" == main.run(serve)


def test_what_the_loop_raises_is_raised() -> None:
    """A fault of the daemon is not lost in its thread."""
    main = MainThread()

    async def serve() -> None:
        Place(main, Slate).tray.show(views()[0])
        msg = "a fault"
        raise ValueError(msg)

    with pytest.raises(ValueError, match="a fault"):
        main.run(serve)


def test_a_name_keeps_its_ampersand() -> None:
    """Windows takes a single ``&`` for the mark of a key; ours is written twice there."""
    main = MainThread()
    profile = replace(views()[0].profiles[0], name="R&D")
    view = replace(views()[0], profiles=(profile,), active_profile="R&D")

    async def serve() -> list[str]:
        place = Place(main, Slate, ampersand="&&")
        place.tray.show(view)
        await place.hosts.get()
        return [str(row.text) for row in place.slates[0].menu.items]

    rows = main.run(serve)

    assert 1 == sum("R&&D" in row for row in rows)


@pytest.mark.parametrize("end", ["signal", "quit"])
def test_the_resident_lives_beside_a_native_loop(end: str) -> None:
    """The real daemon, its icon on X by pystray's own backend: shown, answering, and ended."""
    with desk() as on:
        home = Path(on.env["HOME"])
        config = home / ".aws/config"
        config.parent.mkdir(exist_ok=True)
        config.write_text(
            "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\n"
            "sso_region = eu-west-1\n"
        )
        environ = {**on.env, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tests.desktop.native_xorg"]
        daemon = on.running.start(command, environ)
        on.find_colour(STATE_COLOURS["signed-out"])
        on.screenshot(f"tray-native-{end}")
        status = json.loads(_tray(environ, "status", "--json"))
        if end == "signal":
            daemon.send_signal(signal.SIGTERM)
        else:
            _tray(environ, "quit")

        assert daemon.pid == status["resident"]["pid"]
        assert ["signed-out"] == [one["state"] for one in status["sessions"]]
        assert 0 == until(lambda: (daemon.poll(),) if daemon.poll() is not None else None,
                          "the resident to end")[0]  # fmt: skip


def _tray(environ: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tray", *words],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout
