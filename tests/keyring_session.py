"""
A desktop session's keyring for tests: a private bus, and on it a real or a hanging Secret Service.

Nothing of the user's is touched: the bus has its own address and starts no services by itself;
home, data and runtime directories are the session's own and go with it.
"""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import secretstorage
from jeepney import (  # type: ignore[import-untyped]  # no stubs exist
    MatchRule,
    message_bus,
    new_method_call,
)
from jeepney.io.blocking import (  # type: ignore[import-untyped]  # the same
    Proxy,
    open_dbus_connection,
)
from secretstorage.util import add_match_rules

from tests import components

Kind = Literal["unlocked", "locked", "new", "none", "activatable", "hanging"]
"""What is on the bus: GNOME Keyring with its collection unlocked, locked or not made yet; nothing;
nothing yet, but the bus would start GNOME Keyring; a service that takes every call and never
answers."""

SECRETS = "org.freedesktop.secrets"
PROMPTER = "org.gnome.keyring.SystemPrompter"
PASSWORD = "of no importance"
PATIENCE = 60.0

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir={directory}</listen><auth>EXTERNAL</auth>
<servicedir>{services}</servicedir>
<policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
"""

_HANGING = """
import asyncio, sys
from dbus_fast import MessageType
from dbus_fast.aio import MessageBus

def swallow(message):
    if message.message_type is MessageType.METHOD_CALL:
        print(message.interface, message.member, flush=True)
        return True

async def serve():
    bus = await MessageBus().connect()
    bus.add_message_handler(swallow)
    await bus.request_name(sys.argv[1])
    await bus.wait_for_disconnect()

asyncio.run(serve())
"""


@dataclass(frozen=True)
class KeyringSession:
    """
    A running session.

    Args:
        environ: the whole environment of a program in it.
        directory: everything the session owns.
        service: the process that serves secrets, None for ``none``; ``hanging`` says on its
            standard output which calls it got, one a line.
    """

    environ: Mapping[str, str]
    directory: Path
    service: subprocess.Popen[str] | None = None
    _stack: ExitStack = field(default_factory=ExitStack, repr=False)

    def heard(self) -> list[str]:
        """Return which calls an ended hanging service got."""
        assert self.service is not None
        assert self.service.stdout is not None
        return self.service.stdout.read().splitlines()

    def start_service(self) -> None:
        """Start GNOME Keyring anew, its collection unlocked."""
        _start_service("unlocked", self.directory, self.environ, self._stack)

    @property
    def address(self) -> str:
        """The bus's address."""
        return self.environ["DBUS_SESSION_BUS_ADDRESS"]

    def labels(self) -> list[str]:
        """Return what the default collection's items are called."""
        with closing(_connected(self.address)) as bus:
            return [item.get_label() for item in secretstorage.Collection(bus).get_all_items()]

    def lock(self) -> None:
        """Lock the default collection."""
        with closing(_connected(self.address)) as bus:
            secretstorage.Collection(bus).lock()

    def unlock(self) -> None:
        """
        Unlock it as the login screen does: by the password, without a prompt.

        The message of gnome-keyring's ``gkd-control.h``: one byte for the credentials, then the
        length, the operation (1: unlock) and the password; all big-endian.
        """
        password = PASSWORD.encode()
        words = struct.pack(
            f"!III{len(password)}s", 12 + len(password), 1, len(password), password
        )
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.directory / "control/control"))
            control.sendall(b"\0")
            control.sendall(words)
            answer = control.recv(8, socket.MSG_WAITALL)
        assert struct.pack("!II", 8, 0) == answer

    def start_silent_prompter(self) -> subprocess.Popen[str]:
        """
        Start a prompter that shows nothing and never answers.

        Returns:
            Its process, which says on its standard output which calls it got, one a line.
        """
        command = [sys.executable, "-c", _HANGING, PROMPTER]
        return _start_owner(PROMPTER, command, self.environ, self._stack)

    def kill_service(self) -> None:
        """End the service as the kernel does when memory is short."""
        assert self.service is not None
        self.service.kill()
        self.service.wait(PATIENCE)

    def stop_service(self) -> None:
        """End the service; whoever waits for its answer gets an error."""
        if self.service is not None:
            self.service.terminate()
            self.service.wait(PATIENCE)


@contextmanager
def keyring_session(kind: Kind) -> Iterator[KeyringSession]:
    """
    Run a session; it ends with the ``with`` block.

    Raises:
        pytest.skip.Exception: dbus-daemon or gnome-keyring-daemon is missing (fails with CI).
    """
    components.require("dbus-daemon")
    if kind not in {"none", "hanging"}:
        components.require("gnome-keyring-daemon")
    # Not pytest's tmp_path: a socket's path may have 107 bytes.
    directory = Path(tempfile.mkdtemp(prefix="keyring-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        environ = _environment(directory)
        environ["DBUS_SESSION_BUS_ADDRESS"] = _start_bus(directory, environ, stack)
        service = _start_service(kind, directory, environ, stack)
        session = KeyringSession(environ, directory, service, stack)
        if kind == "locked":
            session.lock()
        yield session


@contextmanager
def keyring_on(environ: Mapping[str, str], directory: Path, kind: Kind) -> Iterator[None]:
    """
    Run a Secret Service on a bus that is there already, until the end of the block.

    Args:
        environ: of a program on that bus.
        directory: of the user's own, with a short path, for the service's sockets.
        kind: any but ``activatable`` and ``locked``.
    """
    if kind not in {"none", "hanging"}:
        components.require("gnome-keyring-daemon")
    (directory / "control").mkdir(mode=0o700)
    with ExitStack() as stack:
        _start_service(kind, directory, environ, stack)
        yield


def _environment(directory: Path) -> dict[str, str]:
    for name in ("home", "run", "control", "services"):
        (directory / name).mkdir(mode=0o700)
    home = directory / "home"
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "XDG_RUNTIME_DIR": str(directory / "run"),
    }


def _start_bus(directory: Path, environ: Mapping[str, str], stack: ExitStack) -> str:
    config = directory / "bus.conf"
    config.write_text(_BUS.format(directory=directory / "run", services=directory / "services"))
    command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"]
    bus = _start(command, environ, stack)
    assert bus.stdout is not None
    return bus.stdout.readline().strip()


def _start_service(
    kind: Kind, directory: Path, environ: Mapping[str, str], stack: ExitStack
) -> subprocess.Popen[str] | None:
    if kind == "none":
        return None
    if kind == "activatable":
        daemon_path = components.require("gnome-keyring-daemon")
        (directory / "services" / f"{SECRETS}.service").write_text(
            f"[D-BUS Service]\nName={SECRETS}\n"
            f"Exec={daemon_path} --start --foreground --components=secrets\n"
        )
        _reload(environ)
        return None
    daemon = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
    daemon.append(f"--control-directory={directory / 'control'}")
    commands = {
        "hanging": [sys.executable, "-c", _HANGING, SECRETS],
        "new": daemon,
        "unlocked": [*daemon, "--unlock"],
        "locked": [*daemon, "--unlock"],
    }
    return _start_owner(SECRETS, commands[kind], environ, stack)


def _reload(environ: Mapping[str, str]) -> None:
    """Have the bus read its services anew."""
    with closing(open_dbus_connection(environ["DBUS_SESSION_BUS_ADDRESS"])) as bus:
        reload = new_method_call(message_bus, "ReloadConfig")
        bus.send_and_get_reply(reload, timeout=PATIENCE)


def _start_owner(
    name: str, command: list[str], environ: Mapping[str, str], stack: ExitStack
) -> subprocess.Popen[str]:
    """Start a program and wait until it owns its name on the bus."""
    with closing(open_dbus_connection(environ["DBUS_SESSION_BUS_ADDRESS"])) as bus:
        rule = MatchRule(
            type="signal", interface="org.freedesktop.DBus", member="NameOwnerChanged"
        )
        rule.add_arg_condition(0, name)
        Proxy(message_bus, bus).AddMatch(rule)
        with bus.filter(rule) as owned:
            process = _start(command, environ, stack, said=PASSWORD)
            bus.recv_until_filtered(owned, timeout=PATIENCE)
    return process


def _start(
    command: list[str], environ: Mapping[str, str], stack: ExitStack, *, said: str = ""
) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        command,
        env=dict(environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    stack.callback(_end, process)
    assert process.stdin is not None
    process.stdin.write(said)
    process.stdin.close()
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _connected(address: str) -> Any:  # jeepney has no types
    bus = open_dbus_connection(address)
    add_match_rules(bus)
    return bus
