from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import components
from tests.desk import Bus, private_bus
from tests.desktop.notification_daemon import notification_daemon
from tests.desktop.telling import ENDING, telling
from tray.desktop.notifications.freedesktop_notices import DBusNotices
from tray.desktop.notifications.notice_chain import notifier_for
from tray.desktop.notifications.notice_process import (
    OsascriptNotices,
    PlyerNotices,
    ProcessNotices,
)
from tray.desktop.notifications.notifier import NoticeChannel, Pressed

PATIENT = 60.0
ODD_TITLE = "--help"
ODD_TEXT = r"-x <b> & C:\new 'table'"

_FAKE = """#!{python}
import json, os, sys
words = "" if {reads} is False else sys.stdin.read()
with open({log!r}, "w") as log:
    json.dump({{"argv": sys.argv[1:], "environ": dict(os.environ), "stdin": words}}, log)
if {hangs}:
    with open({fifo!r}, "w") as fifo:
        fifo.write("hanging")
        fifo.flush()
        import signal
        signal.pause()
sys.exit({code})
"""


@pytest.fixture
def bus() -> Iterator[Bus]:
    """A session bus with nobody on it."""
    with private_bus() as running:
        yield running


class Machine:
    """
    A place with nothing on its PATH but what a test puts there.

    Args:
        directory: its own.
    """

    def __init__(self, directory: Path) -> None:
        self.bin = directory / "bin"
        self.bin.mkdir()
        self.log = directory / "log"
        self.fifo = directory / "fifo"
        os.mkfifo(self.fifo)
        self.environ = {"PATH": str(self.bin), "HOME": str(directory), "LANG": "C.UTF-8"}

    def install(
        self, name: str, *, code: int = 0, hangs: bool = False, reads: bool = False
    ) -> None:
        """Put a program there that records how it was called."""
        program = self.bin / name
        program.write_text(
            _FAKE.format(
                python=sys.executable,
                log=str(self.log),
                fifo=str(self.fifo),
                code=code,
                hangs=hangs,
                reads=reads,
            )
        )
        program.chmod(0o755)

    def link(self, name: components.Component) -> None:
        """Put a real program there."""
        (self.bin / name).symlink_to(components.require(name))

    def called(self) -> dict[str, Any]:
        """Return how the program was called."""
        found: dict[str, Any] = json.loads(self.log.read_text())
        return found


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine of one's own."""
    return Machine(tmp_path)


def run(story: Coroutine[Any, Any, None]) -> None:
    """Run a test's story on a loop of its own."""
    asyncio.run(asyncio.wait_for(story, 120))


def shown_by(
    machine: Machine, channel: type[ProcessNotices], limit: float = PATIENT
) -> str | None:
    """Tell an odd notice by one rung alone; returns who told."""
    told: list[str | None] = []

    async def story() -> None:
        def channels(pressed: Pressed) -> Sequence[NoticeChannel]:
            return (channel(pressed, machine.environ, limit=limit),)

        async with telling(channels) as tray:
            told.append(await tray.shown(replace(ENDING, title=ODD_TITLE, text=ODD_TEXT)))

    run(story())
    return told[0]


def test_plyer_tells_by_notify_send(machine: Machine) -> None:
    """No word of the notice is taken for an option, for markup or for an escape."""
    machine.install("notify-send")

    by = shown_by(machine, PlyerNotices)

    assert "plyer" == by
    title, text = machine.called()["argv"][:2]
    assert " --help" == title
    assert " -x &lt;b&gt; &amp; C:\u29f5new \u2019table\u2019" == text


def test_no_credential_is_in_the_process_s_environment(machine: Machine) -> None:
    """What runs beside us for a notice has no business with AWS."""
    machine.install("notify-send")
    machine.environ["AWS_SECRET_ACCESS_KEY"] = "invented"
    machine.environ["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"

    shown_by(machine, PlyerNotices)

    environ = machine.called()["environ"]
    assert "AWS_SECRET_ACCESS_KEY" not in environ
    assert "unix:path=/nowhere" == environ["DBUS_SESSION_BUS_ADDRESS"]


def test_a_notify_send_that_fails_has_told_nobody(machine: Machine) -> None:
    """Plyer drops its exit status; we do not."""
    machine.install("notify-send", code=1)

    assert "badge" == shown_by(machine, PlyerNotices)


def test_without_notify_send_the_badge_tells(machine: Machine) -> None:
    """A machine with nothing to tell with costs the notice."""
    assert "badge" == shown_by(machine, PlyerNotices)


def test_a_notify_send_that_hangs_is_ended_with_all_that_started_it(machine: Machine) -> None:
    """After the limit nothing of it is left."""
    machine.install("notify-send", hangs=True)

    async def story() -> None:
        def channels(pressed: Pressed) -> Sequence[NoticeChannel]:
            return (PlyerNotices(pressed, machine.environ, limit=20),)

        async with telling(channels) as tray:
            tray.notifier.show(ENDING)
            fifo = await asyncio.to_thread(machine.fifo.open)  # returns once it hangs
            await tray.notifier.close()  # as at the end of the limit: the rung is cancelled
            assert "hanging" == await asyncio.to_thread(fifo.read)  # returns once it is gone
            fifo.close()

    run(story())


def test_the_limit_holds_for_a_process(machine: Machine) -> None:
    """Whoever hangs longer than the limit is passed over."""
    machine.install("notify-send", hangs=True)
    descriptor = os.open(machine.fifo, os.O_RDWR)  # lets it hang without waiting for a reader

    assert "badge" == shown_by(machine, PlyerNotices, limit=0.5)
    os.close(descriptor)


def test_macos_shows_a_banner_by_osascript(machine: Machine) -> None:
    """Title and text are arguments of a script that is read from standard input."""
    machine.install("osascript", reads=True)

    by = shown_by(machine, OsascriptNotices)

    assert "banner" == by
    assert ["-", ODD_TITLE, ODD_TEXT] == machine.called()["argv"]
    assert machine.called()["stdin"].startswith("on run argv\n")


@pytest.mark.parametrize("code", [None, 1])
def test_without_a_working_osascript_the_badge_tells(machine: Machine, code: int | None) -> None:
    """An absent or failing osascript costs the notice."""
    if code is not None:
        machine.install("osascript", code=code)

    assert "badge" == shown_by(machine, OsascriptNotices)


# --- Against the real notify-send, and the whole chain ----------------------------------------


def test_the_real_notify_send_shows_the_words_unharmed(machine: Machine, bus: Bus) -> None:
    """What a daemon with markup shows is what the notice says."""
    machine.link("notify-send")
    machine.environ["DBUS_SESSION_BUS_ADDRESS"] = bus.address

    async def story() -> None:
        def channels(pressed: Pressed) -> Sequence[NoticeChannel]:
            return (PlyerNotices(pressed, machine.environ, limit=PATIENT),)

        async with notification_daemon(bus.address) as daemon, telling(channels) as tray:
            assert "plyer" == await tray.shown(replace(ENDING, title=ODD_TITLE, text=ODD_TEXT))
            shown = daemon.only()
            assert " --help" == shown.summary
            assert " -x &lt;b&gt; &amp; C:\u29f5new \u2019table\u2019" == shown.body

    run(story())


def test_the_real_notify_send_without_a_daemon_has_told_nobody(machine: Machine, bus: Bus) -> None:
    """Nobody behind the name: the badge tells, and nothing claims otherwise."""
    machine.link("notify-send")
    machine.environ["DBUS_SESSION_BUS_ADDRESS"] = bus.address

    assert "badge" == shown_by(machine, PlyerNotices)


def test_each_rung_of_linux_steps_in_for_the_one_above(machine: Machine, bus: Bus) -> None:
    """Daemon, then notify-send, then the badge; a notice moves to whoever tells it."""
    machine.install("notify-send")

    async def story() -> None:
        def channels(pressed: Pressed) -> Sequence[NoticeChannel]:
            return (
                DBusNotices(pressed, limit=PATIENT),
                PlyerNotices(pressed, machine.environ, limit=PATIENT),
            )

        async with telling(channels, bus.address) as tray:
            async with notification_daemon(bus.address):
                assert "dbus" == await tray.shown(ENDING)
            assert "plyer" == await tray.shown(ENDING)
            (machine.bin / "notify-send").unlink()
            assert "badge" == await tray.shown(ENDING)
            async with notification_daemon(bus.address) as back:
                assert "dbus" == await tray.shown(ENDING)
                await tray.withdrawn(ENDING.slot)
                assert {} == back.shown

    run(story())


def test_the_chain_of_this_system_tells_without_a_bus(machine: Machine) -> None:
    """The daemon's own chain, in a place without a session bus, still reaches notify-send."""
    machine.install("notify-send")

    async def story() -> None:
        notifier = notifier_for(machine.environ, lambda *_: None)
        notifier.disconnected("no session bus: DBUS_SESSION_BUS_ADDRESS is not set")
        notifier.show(ENDING)
        await notifier.settled()

        assert notifier.shown_by in {"plyer", "badge"}  # the badge on a machine too slow for 5 s
        await notifier.close()

    run(story())


def test_the_resident_imports_neither_plyer_nor_desktop_notifier() -> None:
    """What is heavy or may block stays out of the daemon (performance goals)."""
    code = (
        "import sys, tray.desktop.notifications.notice_chain\n"
        "import tray.desktop.notifications.freedesktop_notices\n"
        "heavy = {'plyer', 'desktop_notifier', 'keyring', 'boto3', 'click'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENT
    )

    assert "" == done.stdout.strip()
