"""The desktop's own search on a real bus, as GNOME's shell and KRunner ask for it."""

from __future__ import annotations

import asyncio
import configparser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from dbus_fast import Message
from dbus_fast.aio import MessageBus

from tests.daemon.living import Living, daemon, home_with
from tests.desk import Bus, private_bus, until
from tests.desktop.person import CONFIG
from tests.desktop.tray_host import PATIENCE, Host
from tests.system.test_browser import recorder
from tray.core.accounts.remembered_roles import RememberedRoles
from tray.storage.remembered_file import read_remembered
from tray.system.dbus.bus_connection import bus_call
from tray.system.dbus.search_files import BUS_NAME, KRUNNER, OBJECT_PATH, krunner_file
from tray.system.paths import Paths

ROOT = Path(__file__).parents[2]
GNOME = "org.gnome.Shell.SearchProvider2"
KDE = "org.kde.krunner1"
SETTINGS = 'guarded = ["prod"]\n'


class Shell:
    """A desktop's search, asking."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def gnome(self, member: str, signature: str, *body: Any) -> Any:
        """Call the search provider."""
        found = await self._host.call(BUS_NAME, OBJECT_PATH, GNOME, member, signature, *body)
        return found[0] if found else None

    async def krunner(self, member: str, signature: str = "", *body: Any) -> Any:
        """Call the runner."""
        found = await self._host.call(BUS_NAME, OBJECT_PATH, KDE, member, signature, *body)
        return found[0] if found else None


@asynccontextmanager
async def searching(bus: Bus) -> AsyncIterator[Shell]:
    """Give a shell once the daemon has its name on the bus."""
    connection = await MessageBus(bus_address=bus.address).connect()
    owned = asyncio.Event()

    def heard(message: Message) -> None:
        if message.member == "NameOwnerChanged" and message.body[0] == BUS_NAME:
            owned.set()

    connection.add_message_handler(heard)
    rule = f"type='signal',member='NameOwnerChanged',arg0='{BUS_NAME}'"
    await connection.call(bus_call("AddMatch", "s", [rule]))
    there = await connection.call(bus_call("NameHasOwner", "s", [BUS_NAME]))
    try:
        async with asyncio.timeout(PATIENCE):
            if not there.body[0]:
                await owned.wait()
        yield Shell(Host(connection))
    finally:
        connection.disconnect()


def living(tmp_path: Path, bus: Bus, **more: str) -> tuple[dict[str, str], Any]:
    """Return an environment with three profiles, one of them guarded, and a daemon for it."""
    home = home_with(tmp_path, CONFIG, **more)
    ours = Path(home["HOME"]) / ".config/sso-tray"
    ours.mkdir(parents=True)
    (ours / "config.toml").write_text(SETTINGS)
    environ = {**home, "DBUS_SESSION_BUS_ADDRESS": bus.address}
    return environ, daemon(environ, icon=False)


def test_gnome_finds_shows_and_opens(tmp_path: Path) -> None:
    """Type, and Enter opens the console; a second result makes it active."""
    programs = tmp_path / "programs"
    programs.mkdir()
    told = recorder(programs, "browser")

    async def scene(bus: Bus, one: Living) -> list[Any]:
        async with searching(bus) as shell:
            found = await shell.gnome("GetInitialResultSet", "as", ["dev"])
            fewer = await shell.gnome("GetSubsearchResultSet", "asas", found, ["dev", "full"])
            metas = await shell.gnome("GetResultMetas", "as", [*fewer, "nothing"])
            await shell.gnome("ActivateResult", "sasu", fewer[0], ["dev"], 0)
            await shell.gnome("ActivateResult", "sasu", fewer[1], ["dev"], 0)
            await asyncio.to_thread(
                one.until, lambda seen: seen.get("status", {}).get("active_profile") == "dev"
            )
            return [found, fewer, [(meta["name"], meta["description"]) for meta in metas]]

    with private_bus() as bus:
        environ, serving = living(tmp_path, bus, BROWSER=f"{programs}/browser %s")
        with serving as one:
            found, fewer, shown = asyncio.run(scene(bus, one))
            until(told.exists, "the browser")

    assert found == fewer
    assert [
        ("dev", "Open AWS console: FullAccess in Account 123456789011"),
        ("Use dev", "Make it the active profile: FullAccess in Account 123456789011"),
    ] == shown
    assert told.read_text().strip().endswith("?account_id=123456789011&role_name=FullAccess")
    remembered = read_remembered(Paths.from_environment(environ).state)
    assert RememberedRoles(recent=(("dev",),)) == remembered


def test_krunner_offers_a_second_action_but_for_guarded_ones(tmp_path: Path) -> None:
    """Enter on prod opens its console; whatever else comes over the bus, it is not made active."""

    async def scene(bus: Bus) -> list[Any]:
        async with searching(bus) as shell:
            actions = await shell.krunner("Actions")
            dev = await shell.krunner("Match", "s", "dev")
            prod = await shell.krunner("Match", "s", "prod")
            short = await shell.krunner("Match", "s", "p")
            for picked in ((prod[0][0], "use"), ("nonsense", ""), ("use/prod", "")):
                await shell.krunner("Run", "ss", *picked)
            await shell.krunner("Run", "ss", dev[0][0], "use")
            return [actions, dev, prod, short]

    with private_bus() as bus:
        _, serving = living(tmp_path, bus)
        with serving as one:
            actions, dev, prod, short = asyncio.run(scene(bus))
            seen = one.until(lambda seen: seen.get("status", {}).get("active_profile") is not None)
            active = seen["status"]["active_profile"]

    assert [["use", "Make it the active profile", "user-identity"]] == actions
    assert ("dev", ["use"]) == (dev[0][1], dev[0][5]["actions"])
    assert "FullAccess in Account 123456789011" == dev[0][5]["subtext"]
    assert ("prod  (guarded)", []) == (prod[0][1], prod[0][5]["actions"])
    assert [] == short
    assert "dev" == active


@pytest.mark.parametrize(
    ("desktop", "packaged", "written"),
    [("KDE", False, True), ("GNOME", False, False), ("KDE", True, False)],
)
def test_the_runners_file_is_written_where_nobody_has(
    tmp_path: Path, desktop: str, packaged: bool, written: bool
) -> None:
    """On Plasma alone, and not beside the package's."""
    share = tmp_path / "share"
    if packaged:
        (share / "krunner/dbusplugins").mkdir(parents=True)
        (share / "krunner/dbusplugins/sso-tray.desktop").write_text(KRUNNER)

    async def served(bus: Bus) -> None:
        async with searching(bus):
            return

    with private_bus() as bus:
        environ, serving = living(
            tmp_path, bus, XDG_CURRENT_DESKTOP=desktop, XDG_DATA_DIRS=str(share)
        )
        with serving:
            asyncio.run(served(bus))

    file = krunner_file(environ)
    assert written == file.exists()
    assert not written or KRUNNER == file.read_text()


def test_the_packages_files_lead_to_us() -> None:
    """Name and path are those that we serve, and nothing is started for a search."""
    provider = configparser.ConfigParser()
    provider.read(ROOT / "packaging/linux/sso-tray-search-provider.ini")
    said = provider["Shell Search Provider"]

    assert (BUS_NAME, OBJECT_PATH, "2", "false") == (
        said["BusName"],
        said["ObjectPath"],
        said["Version"],
        said["AutoStart"],
    )
    assert (ROOT / "packaging/linux" / said["DesktopId"]).exists()
    assert KRUNNER == (ROOT / "packaging/linux/sso-tray-krunner.desktop").read_text()
