"""A real daemon in a process of its own, and what it says, for tests to wait on."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tray.errors import TrayError, Unreachable
from tray.ipc.agent_client import AgentClient
from tray.system.paths import Paths, world

PATIENCE = 60.0
"""Seconds to wait for what should take one; a test waits for the event, never for the time."""


class Living:
    """
    A running daemon.

    Args:
        process: of the daemon.
        environ: its whole environment.
    """

    def __init__(self, process: subprocess.Popen[bytes], environ: Mapping[str, str]) -> None:
        self.process = process
        self.environ = dict(environ)
        self.paths = Paths.from_environment(environ)
        self.messages: list[dict[str, Any]] = []
        self._heard = threading.Condition()
        self._ended = False

    def client(self, **other_world: str) -> AgentClient:
        """Return a client of the same world, or of another one."""
        return AgentClient(self.paths.runtime_sockets, world(self.environ) | other_world)

    def ask(self, op: str, **members: Any) -> dict[str, Any]:
        """Send one request and return the last word."""
        with self.client() as client:
            answer: dict[str, Any] = client.done(op, patience=PATIENCE, **members)
        return answer

    def session(self, key: str) -> dict[str, Any]:
        """Return one session of the status document."""
        sessions = self.ask("status")["status"]["sessions"]
        return next(one for one in sessions if one["key"] == key)

    def until(self, holds: Callable[[dict[str, Any]], bool], *, since: int = 0) -> dict[str, Any]:
        """
        Wait for a message (status, notice, withdraw) that has come or will come.

        Args:
            holds: tells whether a message is the one.
            since: leave out the first so many of ``messages``.
        """
        seen = since
        with self._heard:
            while True:
                for message in self.messages[seen:]:
                    if holds(message):
                        return message
                seen = len(self.messages)
                heard = self._heard.wait_for(
                    lambda seen=seen: len(self.messages) > seen or self._ended,  # type: ignore[misc]  # mypy cannot infer a default's type
                    PATIENCE,
                )
                if not heard or (self._ended and len(self.messages) == seen):
                    said = [_short(message) for message in self.messages[-12:]]
                    raise AssertionError(f"it did not come; the last words were {said}")

    def until_state(
        self, key: str, state: str, *, since: int = 0, **members: object
    ) -> dict[str, Any]:
        """Wait until a session is in a state, with these members of the status document."""

        def reached(message: dict[str, Any]) -> bool:
            return any(
                one["key"] == key
                and one["state"] == state
                and all(one[name] == value for name, value in members.items())
                for one in message.get("status", {}).get("sessions", ())
            )

        message = self.until(reached, since=since)
        sessions = message["status"]["sessions"]
        return next(dict(one) for one in sessions if one["key"] == key)

    def until_notice(self, category: str, *, since: int = 0) -> dict[str, Any]:
        """Wait for a notice."""
        message = self.until(
            lambda one: one.get("notice", {}).get("category") == category, since=since
        )
        return dict(message["notice"])

    def notices(self) -> list[str]:
        """Return the categories of all notices so far."""
        with self._heard:
            return [one["notice"]["category"] for one in self.messages if "notice" in one]

    def listen(self) -> None:
        """Take in what the daemon says to its subscribers, until it ends."""
        try:
            with self.client() as client:
                for message in client.ask("subscribe", patience=None):
                    with self._heard:
                        self.messages.append(message)
                        self._heard.notify_all()
        except TrayError:
            pass  # it ended; whoever waits is told so below
        finally:
            with self._heard:
                self._ended = True
                self._heard.notify_all()

    def log(self) -> str:
        """Return the daemon's log."""
        return (self.paths.state / "sso-tray.log").read_text()


def _short(message: dict[str, Any]) -> object:
    if "status" in message:
        return [(one["key"], one["state"], one["reason"]) for one in message["status"]["sessions"]]
    return message.get("notice", message)


@contextmanager
def daemon(
    environ: Mapping[str, str],
    *,
    icon: bool = False,
    listens: bool = True,
    within: Sequence[str] = (),
) -> Iterator[Living]:
    """
    Run the daemon until the end of the block; it must end by itself when asked to.

    `within` is a command that becomes the daemon, which follows it.
    """
    root = Path(__file__).resolve().parents[2]
    # Of whoever runs the tests neither sleep nor lock nor network is a test's affair.
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(root),
        "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere/at/all",
        **environ,
    }
    command = [*within, sys.executable, "-m", "tray.daemon", *([] if icon else ["--no-icon"])]
    process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL)
    living = Living(process, environ)
    try:
        _await_socket(living)
        if listens:
            threading.Thread(target=living.listen, daemon=True).start()
            living.until(lambda message: "status" in message)
        yield living
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(PATIENCE)


def _await_socket(living: Living) -> None:
    """Wait until the socket answers; there is no event to wait for before it exists."""
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        if living.process.poll() is not None:
            raise AssertionError("the resident ended at once")
        try:
            with living.client():
                return
        except Unreachable:
            pause.wait(0.02)
    raise AssertionError("the resident does not answer")


def home_with(directory: Path, config: str, **variables: str) -> dict[str, str]:
    """Make a home with an AWS config and return the environment of a program in it."""
    home, run = directory / "home", directory / "run"
    (home / ".aws").mkdir(parents=True)
    run.mkdir(mode=0o700)
    (home / ".aws" / "config").write_text(config)
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "XDG_RUNTIME_DIR": str(run),
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={directory}/no-bus",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        **variables,
    }
