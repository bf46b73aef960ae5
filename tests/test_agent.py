"""The client's side of the agent's language, against a listener that says what the test wants."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tray.errors import Unreachable
from tray.ipc.agent_client import AgentClient, encode

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the agent has no socket there")


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """Listen where a client looks for the daemon."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "agent.sock"))
        listening.listen()
        (tmp_path / "agent.sock").chmod(0o600)
        yield listening


def client(listener: socket.socket) -> AgentClient:
    """Return a client of this listener."""
    return AgentClient((Path(listener.getsockname()),), {})


def test_answers_are_taken_apart_however_they_arrive(listener: socket.socket) -> None:
    """Two lines in one piece, one line in two: every message comes, in order, up to ``done``."""
    lines = [encode({"progress": number}) for number in range(3)]
    done = encode({"done": {"exit": 0}})

    with client(listener) as agent:
        daemon, _ = listener.accept()
        with daemon:
            for piece in (lines[0] + lines[1][:5], lines[1][5:] + lines[2], done):
                daemon.sendall(piece)
            told = [message.get("progress") for message in agent.ask("status")]

    assert [0, 1, 2, None] == told


@pytest.mark.parametrize(
    ("said", "sentence"),
    [(b"", "SSO Tray stopped."), (b'{"v": 1', "A message was incomplete.")],
)
def test_a_resident_that_goes_away_is_told(
    listener: socket.socket, said: bytes, sentence: str
) -> None:
    """Between two lines it is gone; within one the line was cut."""
    with client(listener) as agent:
        daemon, _ = listener.accept()
        answers = agent.ask("status")
        daemon.sendall(said)
        daemon.shutdown(socket.SHUT_WR)
        with daemon, pytest.raises(Exception, match=sentence.replace(".", r"\.")):
            next(answers)


def test_a_mute_resident_is_left_after_a_while(listener: socket.socket) -> None:
    """Patience is in seconds, and its end is told."""
    with client(listener) as agent, pytest.raises(Unreachable, match="doesn't answer"):
        agent.done("status", patience=0.05)


class _PressedError(Exception):
    """What the handler of our stand-in for Ctrl-C raises."""


def test_ctrl_c_right_before_a_wait_ends_it_all_the_same(listener: socket.socket) -> None:
    """A signal that interrupts no system call, as one in that moment, is seen within a second."""

    def pressed(*_: object) -> None:
        raise _PressedError

    waiting = threading.Event()

    def press() -> None:
        waiting.wait()
        # To this thread, where it interrupts nothing that the main thread waits in.
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, pressed)
    other = threading.Thread(target=press)
    other.start()
    try:
        with client(listener) as agent, suppress(_PressedError):
            answers = agent.ask("login", patience=60.0)
            waiting.set()
            next(answers)
        ended = True
    except Unreachable:
        ended = False
    finally:
        waiting.set()
        other.join()
        signal.signal(signal.SIGUSR1, before)

    assert ended
