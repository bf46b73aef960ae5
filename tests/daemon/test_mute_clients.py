"""Clients of the agent's socket that never read, and more clients than there are places."""

from __future__ import annotations

import asyncio
import json
import logging
import select
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tray.daemon import agent_connection, agent_server
from tray.daemon.agent_server import Agent, AgentHandlers
from tray.ipc.agent_client import ANSWER_LIMIT

SUBSCRIBE = b'{"v":1,"program":"x","world":{},"op":"subscribe"}\n'
STATUS = b'{"v":1,"program":"x","world":{},"op":"status"}\n'
LARGE = "x" * 300_000
"""More than the kernel keeps for a client that does not read."""


class Serving:
    """An agent on a socket, whose status has a number."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = 0
        self.stack = ExitStack()
        self.kept: list[asyncio.StreamWriter] = []  # a writer that nobody keeps closes
        self.agent = Agent(
            AgentHandlers(
                {},
                {},
                lambda _: None,
                self._status,
                self._nothing,
                self._nothing,
                lambda: None,
                lambda _: {},
            )
        )

    def _status(self) -> dict[str, Any]:
        return {"number": self.number, "text": LARGE}

    @staticmethod
    async def _nothing(*_: object) -> Any:
        raise AssertionError

    def change(self) -> None:
        """Have a new status."""
        self.number += 1
        self.agent.changed()

    def mute(self, request: bytes = SUBSCRIBE) -> socket.socket:
        """Connect a client that never reads."""
        client = self.stack.enter_context(socket.socket(socket.AF_UNIX))
        client.connect(str(self.path))
        client.sendall(request)
        return client

    async def reader(self) -> asyncio.StreamReader:
        """Connect one that reads, and wait until it is served."""
        reader, writer = await asyncio.open_unix_connection(self.path, limit=ANSWER_LIMIT)
        writer.write(SUBSCRIBE)
        self.kept.append(writer)
        assert (await number_of(reader)) == self.number
        return reader


async def number_of(reader: asyncio.StreamReader) -> int:
    """Return the number of the next status."""
    return int(json.loads(await reader.readline())["status"]["number"])


async def closed(clients: Iterable[socket.socket]) -> None:
    """Wait until the other end has closed them, without reading a byte."""
    for client in clients:
        poll = select.poll()
        poll.register(client, 0)  # closing is always told
        found = await asyncio.to_thread(poll.poll, 30_000)
        assert found


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator[Serving]:
    """Serve until the end of the block."""
    here = Serving(path)
    with here.stack, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(64)
        await here.agent.serve(listening)
        yield here
        for writer in here.kept:
            writer.close()
        await here.agent.close()


def test_who_does_not_read_is_dropped_and_the_others_are_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is kept for it, the log says so once, and a reader gets the newest status."""
    monkeypatch.setattr(agent_connection, "READ_PATIENCE", 2.0)
    caplog.set_level(logging.INFO)

    async def story() -> tuple[int, int]:
        async with serving(tmp_path / "agent.sock") as here:
            mute = [here.mute() for _ in range(20)]
            reader = await here.reader()
            for _ in range(30):
                here.change()
            got = await number_of(reader)
            await closed(mute)
            here.change()
            while await number_of(reader) < here.number:
                got += 1
            return got, here.agent.clients

    got, clients = asyncio.run(story())

    assert (30, 1) == (got, clients)
    lines = [one.message for one in caplog.records if "does not read" in one.message]
    assert 20 == len(lines)
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


def test_what_waits_unread_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Who lets notices pile up is dropped at the first that is too much, and told of once."""
    monkeypatch.setattr(agent_connection, "READ_PATIENCE", 3600.0)
    caplog.set_level(logging.INFO)

    async def story() -> tuple[int, int]:
        async with serving(tmp_path / "agent.sock") as here:
            mute = here.mute()
            reader = await here.reader()
            here.change()  # fills the kernel's buffer
            sent = 0
            while here.agent.clients > 1:
                here.agent.withdraw("x" * 1000)
                sent += 1
                while b"withdraw" not in await reader.readline():
                    pass
            await closed([mute])
            return sent, here.agent.clients

    sent, clients = asyncio.run(story())

    assert 1 == clients
    assert sent * 1000 <= agent_connection.UNREAD_LIMIT
    assert 1 == len([one for one in caplog.records if "does not read" in one.message])


def test_who_reads_late_is_told_the_newest(tmp_path: Path) -> None:
    """Of thirty statuses the one that was under way and the last."""

    async def story() -> list[int]:
        async with serving(tmp_path / "agent.sock") as here:
            late, in_time = await here.reader(), await here.reader()
            late._transport.pause_reading()  # type: ignore[attr-defined]  # of asyncio's own
            for _ in range(30):
                here.change()
                while await number_of(in_time) < here.number:
                    pass
            late._transport.resume_reading()  # type: ignore[attr-defined]
            heard = [await number_of(late)]
            while heard[-1] < here.number:
                heard.append(await number_of(late))
            return heard

    heard = asyncio.run(story())

    assert [1, 30] == [heard[0], heard[-1]]
    assert len(heard) <= 3


def test_a_client_always_finds_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all places are taken the longest idle client gives its own up."""
    monkeypatch.setattr(agent_server, "CLIENTS_LIMIT", 8)

    async def story() -> tuple[dict[str, Any], int]:
        async with serving(tmp_path / "agent.sock") as here:
            silent = [here.mute(b"") for _ in range(4)]
            for _ in range(4):
                here.mute()
            await here.reader()
            await closed(silent[:1])
            reader, writer = await asyncio.open_unix_connection(here.path, limit=ANSWER_LIMIT)
            here.kept.append(writer)
            writer.write(STATUS)
            answer = json.loads(await reader.readline())
            await closed(silent[1:2])
            return answer["done"], here.agent.clients

    done, clients = asyncio.run(story())

    assert 0 == done["exit"]
    assert clients <= 8
