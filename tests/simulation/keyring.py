"""The keyring of the made-up machine: slow, locked, denied, hung, or losing what it is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal, TypeVar

from tests.simulation.clockwork import Clockwork, Lock
from tray.secret import Secret
from tray.worker.keyring.keyring_backends import LockState, keyring_absent, keyring_refuses
from tray.worker.keyring.keyring_timeout import Patience, keyring_waiting

T = TypeVar("T")
KeyringMode = Literal["well", "locked", "denied", "absent", "slow", "hung", "losing"]


class Keyring:
    """
    What all processes share: the items, and how the keyring is just now.

    Args:
        clockwork: true time.
        draw: a number in [0, 1).
        met: counts what truly bit.
    """

    def __init__(
        self, clockwork: Clockwork, draw: Callable[[str], float], met: Counter[str]
    ) -> None:
        self.clockwork = clockwork
        self.items: dict[str, str] = {}
        self.mode: KeyringMode = "well"
        self.draw = draw
        self.met = met
        self.on_write: Callable[[str, str], None] = lambda _name, _text: None

    @property
    def answers(self) -> bool:
        """Whether it can be read and written just now."""
        return self.mode == "well"


class Backend:
    """The keyring as one process reaches it (`KeyringBackend`)."""

    name = "made up"
    max_chars = None

    def __init__(self, keyring: Keyring, turns: Turns) -> None:
        self._keyring = keyring
        self._turns = turns

    def lock_state(self) -> LockState:
        """Tell the state; never prompts."""
        self._took(None)
        mode = self._keyring.mode
        if mode in ("locked", "absent"):
            self._keyring.met[f"keyring-{mode}"] += 1
            return "locked" if mode == "locked" else "absent"
        return "ready"

    def unlock(self) -> None:
        """Unlock: the person has typed the password."""
        self._keyring.mode = "well"

    def get(self, username: str, /) -> Secret | None:
        """Read an item."""
        self._took(None)
        found = self._keyring.items.get(username)
        return None if found is None else Secret(found)

    def set(self, username: str, value: Secret, /) -> None:
        """Write an item."""
        keyring, text = self._keyring, value.reveal()
        if keyring.mode == "denied":
            keyring.met["keyring-denied"] += 1
            raise keyring_refuses()

        def written() -> None:
            if keyring.mode == "losing":
                keyring.met["keyring-losing"] += 1
                return
            keyring.on_write(username, text)
            keyring.items[username] = text

        self._took(written)
        written()

    def delete(self, username: str, /) -> None:
        """Remove an item; none there is no error."""
        self._took(None)
        if self._keyring.mode == "denied":
            self._keyring.met["keyring-denied"] += 1
            raise keyring_refuses()
        self._keyring.items.pop(username, None)

    def _took(self, late: Callable[[], None] | None) -> None:
        """Let a request take its time; one that is overdue may still arrive ``late``."""
        keyring, turns = self._keyring, self._turns
        if keyring.mode in ("locked", "absent") and late is not None:
            raise keyring_absent()
        if keyring.mode not in ("slow", "hung"):
            return
        keyring.met[f"keyring-{keyring.mode}"] += 1
        takes = 600.0 if keyring.mode == "hung" else 8 * keyring.draw("keyring")
        left = turns.deadline - (keyring.clockwork.time - keyring.clockwork.slept)
        if takes <= left:
            keyring.clockwork.wait(takes)
            return
        hangs = takes - left if keyring.mode == "slow" else 30 + 300 * keyring.draw("hangs")
        turns.overdue = True

        def came_back() -> None:
            turns.overdue = False
            if late is not None and keyring.mode not in ("locked", "absent", "denied"):
                late()

        keyring.clockwork.later(left + hangs, "the keyring answers at last", came_back)
        keyring.clockwork.wait(max(left, 0.0))
        raise keyring_waiting()


class Turns(Patience):
    """One keyring request at a time in a process, in virtual time."""

    def __init__(self, clockwork: Clockwork) -> None:
        self.deadline = 0.0
        self.overdue = False
        self._clockwork = clockwork
        self._lock = Lock(clockwork)

    def within(self, deadline: float, request: Callable[[], T]) -> T:
        """Run one request, once it is its turn and in time."""
        left = deadline - (self._clockwork.time - self._clockwork.slept)
        if self.overdue or not self._lock.acquire(timeout=max(left, 0.0)):
            raise keyring_waiting()
        try:
            self.deadline = deadline
            return request()
        finally:
            self._lock.release()

    def settled(self, timeout: float) -> bool:
        """Whether the keyring can be asked again."""
        del timeout
        return not self.overdue
