"""The agent's named pipe; run by the Windows Python alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tray.daemon import agent_server
from tray.daemon.agent_server import Agent, AgentHandlers
from tray.errors import Busy, Unreachable, UserMustAct
from tray.ipc.agent_client import REQUEST_LIMIT, AgentClient
from tray.system import agent_socket
from tray.system.pipe import pipe_client

WORLD = {"state": "here"}


def handlers() -> AgentHandlers:
    """Return what a daemon without sessions answers."""

    async def nothing(*_: object) -> Any:
        return {"exit": 0}, lambda: None

    async def said(_packed: str, _coloured: bool) -> dict[str, Any]:
        return {"exit": 0}

    return AgentHandlers(
        world=WORLD,
        environ={},
        post=lambda _event: None,
        status=lambda: {"letters": "ü" * 100_000},
        words=said,
        credentials=nothing,
        look_again=lambda: None,
        profile=lambda _name: {"exit": 0},
    )


@asynccontextmanager
async def agent(path: Path) -> AsyncIterator[Agent]:
    """Have an agent at a place."""
    serving = Agent(handlers())
    await serving.serve(agent_socket.listener(path))
    try:
        yield serving
    finally:
        await serving.close()


def within(path: Path, outside: Callable[[], Any]) -> Any:
    """Return what a client outside the loop sees while an agent serves."""

    async def both() -> Any:
        async with agent(path):
            return await asyncio.to_thread(outside)

    return asyncio.run(both())


def test_a_client_is_answered_whatever_the_length(tmp_path: Path) -> None:
    """An answer of many times the pipe's buffer arrives whole, again and again."""
    path = tmp_path / "agent.sock"

    def asks() -> list[int]:
        lengths = []
        for _ in range(20):
            with AgentClient((path,), WORLD) as client:
                lengths.append(len(client.done("status")["status"]["letters"]))
        return lengths

    assert [100_000] * 20 == within(path, asks)


def test_the_pipe_is_its_owner_s_alone(tmp_path: Path) -> None:
    """Its descriptor has one owner and one entry, of the same user, as the system holds it."""
    path = tmp_path / "agent.sock"

    def asks() -> str:
        found = agent_socket.connection(path, 10)
        assert isinstance(found, pipe_client.PipeConnection)
        try:
            return pipe_client.descriptor_of(found._handle)
        finally:
            found.close()

    descriptor = within(path, asks)

    assert pipe_client.private_descriptor() == descriptor
    assert 1 == descriptor.count("(")


def test_a_pipe_that_others_may_open_is_refused(tmp_path: Path) -> None:
    """A server with Windows' default descriptor is another's: none of ours asks it or joins it."""
    path = tmp_path / "agent.sock"

    async def served() -> None:
        loop: Any = asyncio.get_running_loop()
        address = agent_socket.client_address(path)
        (server,) = await loop.start_serving_pipe(asyncio.Protocol, address)
        try:
            with pytest.raises(Unreachable, match="another user"):
                await asyncio.to_thread(agent_socket.connection, path, 10)
            with pytest.raises(UserMustAct, match="another user"):
                await asyncio.to_thread(agent_socket.listener, path)
        finally:
            server.close()

    asyncio.run(served())


def test_a_second_daemon_is_refused(tmp_path: Path) -> None:
    """Where one serves, another raises instead of taking half of the clients."""
    path = tmp_path / "agent.sock"

    def tries() -> None:
        with pytest.raises(Busy):
            agent_socket.listener(path)

    within(path, tries)


def test_after_the_end_nobody_answers(tmp_path: Path) -> None:
    """A closed pipe is gone: no client waits there."""
    path = tmp_path / "agent.sock"
    within(path, lambda: None)

    with pytest.raises(Unreachable):
        agent_socket.connection(path, 10)


def test_a_request_too_long_is_told_so(tmp_path: Path) -> None:
    """The limit is the one of Linux, and the agent serves on."""
    path = tmp_path / "agent.sock"

    def sends() -> tuple[bytes, bool]:
        connection = agent_socket.connection(path, 10)
        connection.sendall(b"x" * (REQUEST_LIMIT + 1000))
        said = connection.recv(65536)
        connection.close()
        with AgentClient((path,), WORLD) as client:
            return said, bool(client.done("status"))

    said, serves_on = within(path, sends)

    assert "bad-request" == json.loads(said)["error"]
    assert serves_on


def test_a_mute_client_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends nothing is let go after the same patience as on Linux."""
    monkeypatch.setattr(agent_server, "REQUEST_PATIENCE", 0.2)
    path = tmp_path / "agent.sock"

    def waits() -> bytes:
        connection = agent_socket.connection(path, 10)
        try:
            return connection.recv(65536)
        finally:
            connection.close()

    assert b"" == within(path, waits)


def test_no_answer_is_a_time_out(tmp_path: Path) -> None:
    """A client whose daemon is mute gives up in its own time."""
    path = tmp_path / "agent.sock"

    def waits() -> None:
        connection = agent_socket.connection(path, 10)
        connection.settimeout(0.2)
        try:
            with pytest.raises(TimeoutError):
                connection.recv(65536)
        finally:
            connection.close()

    within(path, waits)
