"""The desktop's own search on the bus: an answer beside an empty call to the same daemon."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from dbus_fast import Message
from dbus_fast.aio import MessageBus

from tests.benchmarks.accounts import listed
from tests.benchmarks.table import ROUNDS, Figure
from tests.cli.stage import Stage
from tests.desk import Bus, private_bus
from tests.desktop.test_search_providers import searching
from tray.fake_aws.identity_center import IdentityCenter
from tray.storage.account_records import change_index, record_use
from tray.system.dbus.bus_connection import method_call
from tray.system.dbus.search_files import BUS_NAME, OBJECT_PATH

ACCOUNTS: Final = 1000  # of ten roles
GNOME: Final = "org.gnome.Shell.SearchProvider2"
PING: Final = method_call(BUS_NAME, OBJECT_PATH, "org.freedesktop.DBus.Peer", "Ping")
WORDS: Final = ("data admin", "0042 read", "prod", "nothing")


def measure() -> list[Figure]:
    """Ask as GNOME's shell and KRunner do, in turns with a ping."""
    with (
        tempfile.TemporaryDirectory() as folder,
        IdentityCenter() as center,
        private_bus() as bus,
    ):
        stage = Stage(Path(folder), center)
        stage.environ["DBUS_SESSION_BUS_ADDRESS"] = bus.address
        stage.signed_in_by_cli()
        change_index(stage.state, "corp", lambda _: listed(ACCOUNTS))
        record_use(stage.state, time.time())
        with stage.daemon():
            return asyncio.run(_answers(bus))


async def _answers(place: Bus) -> list[Figure]:
    async with searching(place):
        bus = await MessageBus(bus_address=place.address).connect()
    try:
        figures = []
        for words in WORDS:
            initial = _call("GetInitialResultSet", "as", [words.split()])
            match = method_call(BUS_NAME, OBJECT_PATH, "org.kde.krunner1", "Match", "s", [words])
            found = (await bus.call(initial)).body[0]
            figures.append(await _beside(bus, f'GNOME, "{words}"', initial))
            if found:
                metas = _call("GetResultMetas", "as", [found[:5]])
                figures.append(await _beside(bus, f'GNOME, metas of "{words}"', metas))
            figures.append(await _beside(bus, f'KRunner, "{words}"', match))
        return figures
    finally:
        bus.disconnect()


def _call(member: str, signature: str, body: list[Any]) -> Message:
    return method_call(BUS_NAME, OBJECT_PATH, GNOME, member, signature, body)


async def _beside(bus: MessageBus, what: str, message: Message) -> Figure:
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(10 * ROUNDS):
        for times, one in zip(spent, (message, PING), strict=True):
            before = time.perf_counter()
            answer = await bus.call(_again(one))
            times.append((time.perf_counter() - before) * 1000)
            assert answer.error_name is None, answer.body
    # The least of many: what else the machine does is in the median, as much as we are.
    ours, ping = map(min, spent)
    return Figure(f"{what}, 10,000 roles", ours, "ms", "an empty call", ping, 2.0)


def _again(message: Message) -> Message:
    """Return the same call, to be sent anew under a number of its own."""
    return method_call(
        str(message.destination), str(message.path), str(message.interface), str(message.member),
        message.signature, message.body,
    )  # fmt: skip
