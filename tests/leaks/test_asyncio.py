from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.leaks.canaries import Canaries
from tray.storage.logs import log_to

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Our log, at its most talkative; the process's logging is put back afterwards."""
    loggers = [logging.getLogger(), logging.getLogger("asyncio")]
    before = [(one, one.level, one.handlers[:]) for one in loggers]
    log_to(tmp_path, debug=True)
    yield tmp_path / "sso-tray.log"
    for handler in logging.getLogger().handlers:
        handler.close()
    for one, level, handlers in before:
        one.setLevel(level)
        one.handlers[:] = handlers


def test_a_slow_task_does_not_tell_its_result(log: Path) -> None:
    """In asyncio's debug mode slow tasks are told by their repr, which shows what they return."""

    async def fetch() -> dict[str, str]:
        asyncio.get_running_loop().slow_callback_duration = 0.0
        return {"SecretAccessKey": SECRET}

    async def ask() -> None:
        await asyncio.shield(asyncio.ensure_future(fetch()))
        logging.getLogger("tray").info("asked")

    asyncio.run(ask(), debug=True)
    told = log.read_text()

    assert "asked" in told
    assert set() == Canaries([SECRET]).in_text(told)
