"""
logind and NetworkManager as python-dbusmock has them, on a private system bus.

Its templates know methods, properties and signals of the real services; they are processes of
their own, on the system's Python (https://martinpitt.github.io/python-dbusmock/).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.components import require
from tests.desk import private_bus, until

MOCK: Final = "org.freedesktop.DBus.Mock"
LOGIND: Final = "org.freedesktop.login1"
LOGIND_PATH: Final = "/org/freedesktop/login1"
SESSION_PATH: Final = f"{LOGIND_PATH}/session/c1"
NETWORK: Final = "org.freedesktop.NetworkManager"
NETWORK_PATH: Final = "/org/freedesktop/NetworkManager"

DISCONNECTED, CONNECTED = 20, 70
"""Of NMState."""

_PATIENCE = 30.0


class Machine:
    """
    A machine whose lid, screen and network a test holds in its hands.

    Args:
        address: of its system bus.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    def sleep(self) -> None:
        """Announce that the machine goes to sleep."""
        self._prepare_for_sleep(starts=True)

    def wake(self) -> None:
        """Announce that it woke."""
        self._prepare_for_sleep(starts=False)

    def lock(self) -> None:
        """Lock the screen, as desktops tell logind."""
        self._call(LOGIND, SESSION_PATH, f"{LOGIND}.Session.SetLockedHint", "true")

    def unlock(self) -> None:
        """Unlock it."""
        self._call(LOGIND, SESSION_PATH, f"{LOGIND}.Session.SetLockedHint", "false")

    def disconnect(self) -> None:
        """Lose the network."""
        self._network(DISCONNECTED)

    def connect(self) -> None:
        """Find it again."""
        self._network(CONNECTED)

    def log_in(self) -> None:
        """Give this user a graphical session; waits until the service knows how."""
        session = ("c1", "seat0", str(os.getuid()), "ada", "true")
        until(lambda: self._answers(LOGIND, LOGIND_PATH, f"{MOCK}.AddSession", *session), "logind")
        # The template's own cannot put a number into a path (0.28.7).
        path = f"ret = '{LOGIND_PATH}/user/%d' % args[0]"
        method = (f"{LOGIND}.Manager", "GetUser", "u", "o", path)
        self._call(LOGIND, LOGIND_PATH, f"{MOCK}.AddMethod", *method)
        user = f"{LOGIND_PATH}/user/{os.getuid()}"
        display = (f"{LOGIND}.User", "Display", f"<('c1', objectpath '{SESSION_PATH}')>")
        self._call(LOGIND, user, "org.freedesktop.DBus.Properties.Set", *display)

    def plug_in(self) -> None:
        """Have a network; waits until the service is there."""
        state = ("org.freedesktop.DBus.Properties.Get", NETWORK, "State")
        until(lambda: self._answers(NETWORK, NETWORK_PATH, *state), "NetworkManager")

    def _prepare_for_sleep(self, *, starts: bool) -> None:
        said = ("PrepareForSleep", "b", f"[<{'true' if starts else 'false'}>]")
        self._call(LOGIND, LOGIND_PATH, f"{MOCK}.EmitSignal", f"{LOGIND}.Manager", *said)

    def _network(self, state: int) -> None:
        # The template's own signals from another path than the service does (0.28.7).
        values = (NETWORK, f"{{'State': <uint32 {state}>}}")
        self._call(NETWORK, NETWORK_PATH, f"{MOCK}.UpdateProperties", *values)
        said = (NETWORK, "StateChanged", "u", f"[<uint32 {state}>]")
        self._call(NETWORK, NETWORK_PATH, f"{MOCK}.EmitSignal", *said)

    def _call(self, *words: str) -> None:
        done = self._gdbus(*words)
        assert done.returncode == 0, done.stderr

    def _answers(self, *words: str) -> bool:
        return self._gdbus(*words).returncode == 0

    def _gdbus(
        self, name: str, path: str, method: str, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *(str(require("gdbus")), "call", "--address", self.address, "--dest", name),
                *("--object-path", path, "--method", method, *arguments),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )


@contextmanager
def machine() -> Iterator[Machine]:
    """Give an awake, unlocked and connected machine."""
    require("dbusmock")
    with private_bus() as bus:
        running = bus.running
        env = {"PATH": os.environ["PATH"], "DBUS_SYSTEM_BUS_ADDRESS": bus.address}
        for template in ("logind", "networkmanager"):
            command = ["/usr/bin/python3", "-m", "dbusmock", "--system", "--template", template]
            running.start(command, env)
        made = Machine(bus.address)
        made.log_in()
        made.plug_in()
        yield made
