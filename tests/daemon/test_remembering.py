"""What the rules remember of sessions, on its way into ``state.json``."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.daemon.living import home_with
from tray.core import effects as fx
from tray.core.model import Memory
from tray.daemon.app import Daemon
from tray.storage.session_records import Records

SESSIONS = 50


def test_all_that_waits_is_one_write(tmp_path: Path) -> None:
    """What fifty sessions have to be remembered costs an end one write, not fifty (fault 76)."""
    environ = home_with(tmp_path, "")
    news = {f"corp-{number}": Memory(used_at=float(number)) for number in range(SESSIONS)}

    async def remember() -> Records:
        daemon = Daemon(environ, icon=False)
        for round_ in (Memory(), None):
            for key, memory in news.items():
                daemon.effects.perform(fx.SaveMemory(key, round_ or memory))
        await daemon.effects.close()
        return Records(daemon.paths.state)

    records = asyncio.run(remember())

    assert news == {key: record.memory for key, record in records.read().items()}
    assert 1 == json.loads(records.path.read_bytes())["writes"]


def test_the_rules_know_of_the_end(tmp_path: Path) -> None:
    """They start nothing more, which would fail and be remembered as trouble (fault 76)."""

    async def live() -> bool:
        daemon = Daemon(home_with(tmp_path, ""), icon=False)
        daemon.ended.set()
        await daemon.run()
        return daemon.loop.state.quitting

    assert asyncio.run(live())
