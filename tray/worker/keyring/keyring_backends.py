"""What a keyring has to do, the errors it may raise, and the one that is not there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal, Protocol, TypeVar

from tray.errors import KeyringDenied, KeyringUnavailable, TrayError
from tray.secret import Secret

LockState = Literal["ready", "locked", "absent"]
T = TypeVar("T")

log = logging.getLogger(__name__)


class KeyringBackend(Protocol):
    """
    A store of named secrets. Any call may block for as long as it likes.

    Attributes:
        name: what to call it in ``doctor``.
        max_chars: the longest text of one item, in UTF-16 units; None: no limit known.
    """

    @property
    def name(self) -> str:
        """What to call it."""

    @property
    def max_chars(self) -> int | None:
        """The longest text of one item."""

    def lock_state(self) -> LockState:
        """Tell whether it can be used; never prompts."""

    def unlock(self) -> None:
        """Have the person unlock it; prompts. Raises KeyringDenied when that is refused."""

    def get(self, username: str, /) -> Secret | None:
        """Read an item, None if there is none; never prompts."""

    def set(self, username: str, value: Secret, /) -> None:
        """Write an item, in the place of an older one; never prompts."""

    def delete(self, username: str, /) -> None:
        """Remove an item; none there is no error. Never prompts."""


class NoBackend:
    """A system without a keyring we know."""

    name = "none"
    max_chars = None

    def lock_state(self) -> LockState:
        """Tell that there is none."""
        return "absent"

    def unlock(self) -> None:
        """Refuse."""
        raise keyring_absent()

    def get(self, _username: str, /) -> Secret | None:
        """Refuse."""
        raise keyring_absent()

    def set(self, _username: str, _value: Secret, /) -> None:
        """Refuse."""
        raise keyring_absent()

    def delete(self, _username: str, /) -> None:
        """Refuse."""
        raise keyring_absent()


def guarded(call: Callable[[], T], translate: Callable[[Exception], TrayError]) -> T:
    """
    Run foreign code and turn whatever it raises into one of our errors.

    The foreign exception may hold a secret (a ``UnicodeDecodeError`` holds all it was to
    decode), so it is dropped before ours is raised: neither cause nor context of it.
    """
    try:
        return call()
    except TrayError:
        raise
    except Exception as error:  # noqa: BLE001  (three libraries over D-Bus and two C APIs)
        failure = translate(error)
        log.debug("keyring: %s", type(error).__name__)
    raise failure


def keyring_locked() -> KeyringUnavailable:
    """Return the error for a keyring that waits for its password."""
    return KeyringUnavailable(
        "The keyring is locked. Unlock it and try again.", reason="keyring-locked"
    )


def keyring_absent() -> KeyringUnavailable:
    """Return the error for a system without a keyring."""
    return KeyringUnavailable("No keyring was found.", reason="keyring-absent")


def keyring_dismissed() -> KeyringDenied:
    """Return the error for a prompt the person dismissed."""
    return KeyringDenied("The keyring wasn't unlocked.")


def keyring_refuses() -> KeyringDenied:
    """Return the error for a keyring that does not do what it should."""
    return KeyringDenied("The keyring refused to store the session's tokens.")
