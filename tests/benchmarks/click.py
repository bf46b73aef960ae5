"""From a click in the menu to the changed menu, while keyring and network give no answer."""

from __future__ import annotations

import asyncio
import statistics
import time

from dbus_fast.aio import MessageBus

from tests.benchmarks.table import ROUNDS, Figure
from tests.desk import Desk
from tests.desktop.person import person
from tests.desktop.tray_host import ITEM, MENU, WATCHER, WATCHER_PATH, Host

PROFILES = 40
CONFIG = (
    "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-2\n"
    + "".join(
        f"[profile p{number}]\nsso_session = corp\nsso_account_id = {number % 4:012}\n"
        "sso_role_name = Admin\n"
        for number in range(PROFILES)
    )
)
LIMIT_MS = 100.0
"""G3 and the tray's own promise: nobody waits for a menu."""


def measure() -> list[Figure]:
    """Pick profiles in turn on a real panel's bus, a sign-in hanging at AWS all the while."""
    with person(config=CONFIG, keyring="hanging") as who:
        hanging = who.center.fault("RegisterClient", "hang", times=None)
        who.click_on("corp", "Sign in")
        hanging.wait_hit(1, 60)
        taken = asyncio.run(_clicks(who.desk))
    return [Figure("click to changed menu", statistics.median(taken), "ms", "", None, LIMIT_MS)]


async def _clicks(on: Desk) -> list[float]:
    bus = await MessageBus(bus_address=on.bus.address).connect()
    host = Host(bus)
    try:
        properties = await host.properties(WATCHER, WATCHER_PATH, WATCHER)
        for told in properties["RegisteredStatusNotifierItems"]:
            name = told.partition("/")[0]  # xfce4-panel tells name and path in one
            if (await host.properties(name, told.removeprefix(name), ITEM))["Id"] == "sso-tray":
                host.items = [name]
        await host.listen(MENU)
        return [await _click(host, number) for number in range(ROUNDS)]
    finally:
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast's


async def _click(host: Host, number: int) -> float:
    """Pick another profile and return the milliseconds until the menu is told as changed."""
    menu = await host.layout()
    choice = next(row for row in menu.children if row.children and _is_choice(row.properties))
    accounts = [row for row in choice.children if row.children]
    rows = accounts[number % len(accounts)].children
    row = next(one for one in rows if one.properties.get("toggle-state") == 0)
    host.forget_signals()
    start = time.perf_counter()
    await host.click(row.id)
    await host.next_signal()
    taken = (time.perf_counter() - start) * 1000
    changed = (await host.layout()).labels()
    assert f"Profile: {row.properties['label']}" in changed
    return taken


def _is_choice(properties: object) -> bool:
    label = properties["label"] if isinstance(properties, dict) else ""
    return label.startswith(("Profile: ", "No active profile"))
