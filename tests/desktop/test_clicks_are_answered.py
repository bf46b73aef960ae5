"""What a click on a row does, told by a notice: in the real daemon, on a bus with a tray."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.daemon.living import daemon, home_with
from tests.desk import Bus, private_bus
from tests.desktop.notification_daemon import NotificationDaemon, notification_daemon
from tests.desktop.person import CONFIG
from tests.desktop.tray_host import PATIENCE, Host, tray
from tray.core.accounts.remembered_roles import RememberedRoles
from tray.storage.account_records import last_use
from tray.storage.remembered_file import change_remembered, read_remembered
from tray.system.autostart.start_at_login import autostart_for
from tray.system.paths import Paths


async def told(daemon: NotificationDaemon, host: Host, *labels: str) -> tuple[str, str]:
    """Click on a row and return the title and text of the notice that answers."""
    daemon.calls.clear()
    await host.click((await host.layout()).named(*labels).id)
    async with asyncio.timeout(PATIENCE):
        await daemon.until_called("Notify")
    shown = daemon.only()
    return shown.summary, shown.body


def test_each_click_says_that_it_happened_or_why_not(tmp_path: Path) -> None:
    """
    A profile, a setting, one that cannot be changed, a page that no browser opens.

    A setting that a command has changed is taken back, not set once more.
    """
    home = home_with(tmp_path, CONFIG, BROWSER="/bin/false")
    config_home = Path(home["HOME"]) / ".config"
    (config_home / "sso-tray").mkdir(parents=True)
    entries = config_home / "autostart"
    entries.write_text("a file where a directory has to be")

    async def clicks(bus: Bus) -> list[tuple[str, str]]:
        async with notification_daemon(bus.address) as notices, tray(bus.address) as host:
            with daemon(
                {**home, "DBUS_SESSION_BUS_ADDRESS": bus.address}, icon=True, listens=False
            ):
                async with asyncio.timeout(PATIENCE):
                    await host.registered.get()
                answers = [
                    await told(notices, host, "No active profile", "dev"),
                    await told(notices, host, "Open AWS console"),
                    await told(notices, host, "Settings", "Warn before a session ends"),
                    await told(notices, host, "Settings", "Start at login"),
                ]
                entries.unlink()
                autostart_for(home).enable(["sso-tray", "run"])
                await host.menu("AboutToShow", "i", 0)
                return [*answers, await told(notices, host, "Settings", "Start at login")]

    with private_bus() as bus:
        answers = asyncio.run(clicks(bus))

    assert [
        ("Profile: dev", '"dev" is the active profile.'),
        ("No browser could be opened", "For the link, run: sso-tray console dev --print"),
        ("Warn before a session ends", "Off"),
    ] == answers[:3]
    assert "The setting was not changed" == answers[3][0]
    assert ("Start at login", "Off") == answers[4]


def test_a_copy_says_that_it_happened_or_shows_what_to_copy(tmp_path: Path) -> None:
    """Setting up without a browser or terminal: the command is copied, or shown."""
    home = home_with(tmp_path, "")
    programs = tmp_path / "programs"
    programs.mkdir()
    copier = programs / "xclip"

    async def clicks(bus: Bus) -> list[tuple[str, str]]:
        session = {
            **home,
            "DBUS_SESSION_BUS_ADDRESS": bus.address,
            "DISPLAY": ":none",
            "PATH": str(programs),
        }
        async with notification_daemon(bus.address) as notices, tray(bus.address) as host:
            copier.write_text("#!/bin/sh\nexit 1\n")
            copier.chmod(0o755)
            (programs / "xsel").symlink_to(copier)
            with daemon(session, icon=True, listens=False):
                async with asyncio.timeout(PATIENCE):
                    await host.registered.get()
                refused = await told(notices, host, "Set up AWS access")
                copier.write_text("#!/bin/sh\n/bin/cat >/dev/null\n")
                return [refused, await told(notices, host, "Set up AWS access")]

    with private_bus() as bus:
        answers = asyncio.run(clicks(bus))

    assert [
        ("Copy the command for a terminal from here", "sso-tray add"),
        ("Copied", "The command for a terminal is on the clipboard."),
    ] == answers


def test_a_star_is_kept_and_shown_and_taken_back(tmp_path: Path) -> None:
    """In the menu of the real daemon, and in its file; a command's star comes in, too."""
    home = home_with(tmp_path, CONFIG)
    state = Paths.from_environment(home).state

    async def shown(host: Host, label: str, *, there: bool = True) -> None:
        while (label in (await host.layout()).labels()) != there:
            await host.signals("LayoutUpdated")

    async def clicks(bus: Bus) -> list[RememberedRoles]:
        async with tray(bus.address) as host:
            with daemon(
                {**home, "DBUS_SESSION_BUS_ADDRESS": bus.address}, icon=True, listens=False
            ):
                async with asyncio.timeout(PATIENCE):
                    await host.registered.get()
                change_remembered(state, lambda one: one.starred(("dev",), on=True))
                await shown(host, "★ dev")
                menu = await host.layout()
                await host.click(menu.named("★ dev", "Remove from favourites").id)
                await shown(host, "★ dev", there=False)
                await host.click((await host.layout()).named("No active profile", "prod").id)
                await shown(host, "Profile: prod")
                menu = await host.layout()
                await host.click(menu.named("Profile: prod", "Add prod to favourites").id)
                await shown(host, "★ prod")
                return [read_remembered(state)]

    with private_bus() as bus:
        (kept,) = asyncio.run(clicks(bus))

    assert RememberedRoles(favourites=(("prod",),), recent=(("prod",),)) == kept


def test_opening_all_accounts_is_a_use_of_the_index(tmp_path: Path) -> None:
    """What nobody looks at is never listed again; the other submenus ask for nothing."""
    home = home_with(tmp_path, CONFIG)
    state = Paths.from_environment(home).state

    async def opened(bus: Bus) -> bool:
        async with tray(bus.address) as host:
            with daemon(
                {**home, "DBUS_SESSION_BUS_ADDRESS": bus.address}, icon=True, listens=False
            ):
                async with asyncio.timeout(PATIENCE):
                    await host.registered.get()
                menu = await host.layout()
                await host.click(menu.named("Settings").id, "opened")
                await host.layout()
                before = last_use(state)
                await host.click(menu.named("All accounts").id, "opened")
                await host.layout()
                return before is None

    with private_bus() as bus:
        unused_before = asyncio.run(opened(bus))

    assert unused_before
    assert last_use(state) is not None
