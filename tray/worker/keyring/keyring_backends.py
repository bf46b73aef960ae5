"""The protocol of a keyring backend, the errors it may raise, and the absent keyring."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal, Protocol, TypeVar

from tray.errors import KeyringDenied, KeyringUnavailable, KeyringUnfit, TrayError
from tray.secret import Secret

LockState = Literal["ready", "locked", "absent"]
T = TypeVar("T")

log = logging.getLogger(__name__)


class KeyringBackend(Protocol):
    """A store of named secrets. Any call may block indefinitely; only `unlock` prompts."""

    @property
    def name(self) -> str:
        """For ``doctor``."""

    @property
    def max_chars(self) -> int | None:
        """The longest text of one item, in UTF-16 units; None: no known limit."""

    def lock_state(self) -> LockState:
        """Never prompts."""

    def unlock(self) -> None:
        """Prompt the user; raises `KeyringDenied` when dismissed."""

    def get(self, username: str, /) -> Secret | None:
        """None if there is no such item."""

    def set(self, username: str, value: Secret, /) -> None:
        """Write an item over an older one."""

    def delete(self, username: str, /) -> None:
        """Remove an item, which may be absent."""


class NoBackend:
    name = "none"
    max_chars = None

    def lock_state(self) -> LockState:
        return "absent"

    def unlock(self) -> None:
        raise keyring_absent()

    def get(self, _username: str, /) -> Secret | None:
        raise keyring_absent()

    def set(self, _username: str, _value: Secret, /) -> None:
        raise keyring_absent()

    def delete(self, _username: str, /) -> None:
        raise keyring_absent()


def guarded(call: Callable[[], T], translate: Callable[[Exception], TrayError]) -> T:
    """Run foreign code; its exception may hold a secret and is dropped before ours is raised."""
    try:
        return call()
    except TrayError:
        raise
    except Exception as error:  # noqa: BLE001  (three libraries over D-Bus and two C APIs)
        failure = translate(error)
        log.debug("keyring: %s", type(error).__name__)
    raise failure


def keyring_locked() -> KeyringUnavailable:
    return KeyringUnavailable(
        "The keyring is locked. Unlock it and try again.", reason="keyring-locked"
    )


def keyring_absent() -> KeyringUnavailable:
    return KeyringUnavailable("No keyring was found.", reason="keyring-absent")


def keyring_dismissed() -> KeyringDenied:
    return KeyringDenied("The keyring wasn't unlocked.")


def keyring_refuses() -> KeyringDenied:
    return KeyringDenied("The keyring refused to store the session's tokens.")


def keyring_asks() -> KeyringUnfit:
    """KeePassXC 2.7 opens an item to one connection; a later worker has its own (measured)."""
    return KeyringUnfit(
        "The keyring would ask you at each renewal. In KeePassXC's settings, Secret Service "
        "Integration, turn off “Confirm when passwords are retrieved by clients”."
    )


def keyring_cannot_encrypt() -> KeyringUnfit:
    """KWallet 5.103 opens no session without it (measured)."""
    return KeyringUnfit(
        "KWallet lacks Qt's crypto plug-in. Install libqca-qt5-2-plugins (Debian, Ubuntu) or "
        "qca-qt5-ossl (Fedora) and log in to the desktop again."
    )
