"""
The Secret Service (GNOME Keyring, KWallet, KeePassXC) through keyring's class, without prompts.

keyring's class prompts whenever the collection is locked or missing, and such a prompt blocks
indefinitely (measured). Here only `unlock` prompts.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import secretstorage
from jeepney import (  # type: ignore[import-untyped]  # no stubs exist
    DBusErrorResponse,
    message_bus,
)
from jeepney.io.blocking import Proxy  # type: ignore[import-untyped]  # no stubs exist
from keyring.backends import SecretService
from keyring.errors import KeyringLocked, PasswordDeleteError
from secretstorage.collection import get_collection_by_alias
from secretstorage.exceptions import (
    ItemNotFoundException,
    LockedException,
    PromptDismissedException,
    SecretServiceNotAvailableException,
)
from secretstorage.util import BUS_NAME, open_session

from tray.errors import TrayError
from tray.worker.keyring.keyring_backends import (
    LockState,
    guarded,
    keyring_absent,
    keyring_dismissed,
    keyring_locked,
    keyring_refuses,
)
from tray.worker.keyring.keyring_items import KeyringItems

_TRIES = 3
"""
GNOME Keyring looks up its default collection through freed memory once in some thousand requests
under load, and then names one that does not exist (measured, 42.1). So it is looked up once per
turn, and again before it is taken as missing.
"""


class SecretServiceBackend(KeyringItems):
    """Items in the default collection; the bus may start the service, which does not prompt."""

    name = "Secret Service"
    max_chars = None

    def __init__(self, service: str) -> None:
        self._quiet = _quiet_keyring()
        super().__init__(service, lambda: self._quiet, _translated)

    def lock_state(self) -> LockState:
        """``locked`` without a default collection, too: a click can make one."""
        return guarded(self._quiet.lock_state, _translated)

    def unlock(self) -> None:
        """Unlock or create the default collection; `KeyringDenied` if dismissed or not shown."""
        guarded(_unlock, _translated_prompt)


def _quiet_keyring() -> _QuietKeyring:
    make: Callable[[], _QuietKeyring] = _QuietKeyring  # keyring's constructors have no types
    return make()


class _Line:
    """A connection with its encrypted session, kept: 8 of the 10 ms of a request (measured)."""

    def __init__(self) -> None:
        self.bus = _connect()
        vars(self.bus)["close"] = lambda: None
        self.items: dict[str, Any] = {}
        """Our items by username, as last found."""
        self._session: Any = None
        self._collection: Any = None
        try:
            self._owner = self._owner_now()
        except BaseException:
            self.hang_up()
            raise

    @property
    def session(self) -> Any:
        if self._session is None:
            self._session = open_session(self.bus)
        return self._session

    def find_collection(self) -> Any:  # secretstorage says no types here
        self._collection = _default_collection(self.bus)
        return self._collection

    @property
    def collection(self) -> Any:
        found = self._collection or self.find_collection()
        found.session = self.session
        return found

    def is_good(self) -> bool:
        """Whether the service is still the same one; a new one knows no session."""
        try:
            return self._owner is not None and self._owner == self._owner_now()
        except OSError:
            return False

    def _owner_now(self) -> str | None:
        try:
            owner: str = Proxy(message_bus, self.bus).GetNameOwner(BUS_NAME)[0]
        except DBusErrorResponse:  # not started yet
            return None
        return owner

    def hang_up(self) -> None:
        type(self.bus).close(self.bus)


class _QuietKeyring(SecretService.Keyring):
    """keyring's own class, without its prompts, and with a connection that stays open."""

    _line: _Line | None = None
    _hang_up: Any = None

    def lock_state(self) -> LockState:
        if self._line is not None and not self._line.is_good():
            self._drop_line()
        try:
            with self._kept_line() as line:
                return "locked" if line.find_collection().is_locked() else "ready"
        except ItemNotFoundException:
            return "locked"
        except (SecretServiceNotAvailableException, OSError, RuntimeError):
            return "absent"

    def get_preferred_collection(self) -> Any:  # keyring and secretstorage say no types here
        with self._kept_line() as line:
            return line.collection

    def get_password(self, service: str, username: str) -> str | None:
        with self._kept_line() as line:
            item = self._item(line, service, username)
            if item is not None:
                found: str = item.get_secret().decode()
                return found
            _insist_on_open(line)
            return None

    def set_password(self, service: str, username: str, password: str) -> None:
        """
        Write over our item in place, or create one.

        ``CreateItem`` with ``replace`` would replace any item with these attributes among others
        (GNOME Keyring), and asks the user if another connection made it (KeePassXC).
        """
        with self._kept_line() as line:
            item = self._item(line, service, username)
            if item is not None:
                item.set_secret(password.encode())
                return
            line.items[username] = line.collection.create_item(
                f"Password for '{username}' on '{service}'",
                self._marks(service, username),
                password.encode(),
            )

    def delete_password(self, service: str, username: str) -> None:
        with self._kept_line() as line:
            item = self._item(line, service, username)
            if item is None:
                _insist_on_open(line)
                raise PasswordDeleteError
            del line.items[username]
            item.delete()

    def _item(self, line: _Line, service: str, username: str) -> Any:
        marks = self._marks(service, username)
        with suppress(ItemNotFoundException):
            if username in line.items and _attributes(line.items[username]) == marks:
                return line.items[username]
        line.items.pop(username, None)
        for item in line.collection.search_items(marks):
            # A search finds items with more attributes than these, too.
            if _attributes(item) == marks:
                line.items[username] = item
                return item
        return None

    def _marks(self, service: str, username: str) -> dict[str, str]:
        """Return all attributes of our item, as keyring writes them."""
        marks: dict[str, str] = self._query(service, username, application=self.appid)
        return marks

    @contextmanager
    def _kept_line(self) -> Iterator[_Line]:
        """Use the open connection or a new one; after any error it is discarded."""
        line = self._line
        if line is None:
            line = self._line = _Line()
            self._hang_up = weakref.finalize(self, line.hang_up)
        try:
            yield line
        except PasswordDeleteError:
            raise
        except BaseException:
            self._drop_line()
            raise

    def _drop_line(self) -> None:
        if self._hang_up is not None:
            self._hang_up()
        self._line = self._hang_up = None


def _attributes(item: Any) -> dict[str, str]:
    return {name: value for name, value in item.get_attributes().items() if name != "xdg:schema"}


def _connect() -> Any:
    bus = secretstorage.dbus_init()
    try:
        available = secretstorage.check_service_availability(bus)
    except BaseException:
        bus.close()
        raise
    if not available:
        bus.close()
        raise SecretServiceNotAvailableException
    return bus


def _default_collection(bus: Any) -> Any:
    """Return the default collection; reading its label proves that it exists."""
    for _ in range(_TRIES - 1):
        with suppress(ItemNotFoundException):
            return get_collection_by_alias(bus, "default")
    return get_collection_by_alias(bus, "default")


def _insist_on_open(line: _Line) -> None:
    """Tell a missing item from a locked one: some services then find nothing (KeePassXC)."""
    if line.collection.is_locked():
        raise KeyringLocked


def _unlock() -> None:
    with closing(_connect()) as bus:
        try:
            collection = _default_collection(bus)
        except ItemNotFoundException:
            collection = secretstorage.create_collection(bus, "Default", "default")
        if collection.is_locked():
            collection.unlock()
        if collection.is_locked():
            raise PromptDismissedException


def _translated(error: Exception) -> TrayError:
    if isinstance(error, KeyringLocked | LockedException | ItemNotFoundException):
        return keyring_locked()
    if isinstance(error, PromptDismissedException):
        return keyring_dismissed()
    if isinstance(error, SecretServiceNotAvailableException | OSError | RuntimeError):
        return keyring_absent()
    return keyring_refuses()


def _translated_prompt(error: Exception) -> TrayError:
    """While unlocking, a prompt that cannot be shown counts as dismissed."""
    failure = _translated(error)
    return keyring_dismissed() if failure.reason == "keyring-locked" else failure
