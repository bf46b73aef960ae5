"""
One connection to the Secret Service, with its encrypted session; only `answer` shows anything.

Whatever needs a prompt is dismissed, except by `unlock` and where the prompt asks nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

import secretstorage
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from jeepney import (  # type: ignore[import-untyped]  # no stubs exist
    DBusErrorResponse,
    MatchRule,
    message_bus,
)
from jeepney.io.blocking import Proxy  # type: ignore[import-untyped]  # no stubs exist
from secretstorage.defines import SS_PATH, SS_PREFIX
from secretstorage.exceptions import (
    ItemNotFoundException,
    PromptDismissedException,
    SecretServiceNotAvailableException,
)
from secretstorage.util import BUS_NAME, DBusAddressWrapper, format_secret, open_session

from tray.worker.keyring.keyring_backends import (
    keyring_asks,
    keyring_cannot_encrypt,
    keyring_locked,
)

_TRIES: Final = 3
"""
GNOME Keyring looks up its default collection through freed memory once in some thousand requests
under load, and then names one that does not exist (measured, 42.1).
"""
_NONE: Final = "/"  # the path of no object
_UNHEARD: Final = {
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
}
_IS_LOCKED: Final = "org.freedesktop.Secret.Error.IsLocked"


class Unheard(SecretServiceNotAvailableException):
    """The service that we talked to is gone, and has not heard this call."""


class Line:
    """A connection to one service with its session: 8 of 10 ms of a request (measured)."""

    def __init__(self) -> None:
        self.bus = secretstorage.dbus_init()
        self.known: dict[str, str] = {}
        """The paths of our items by username; a service never gives a path to another item."""
        self.checked: set[str] = set()
        """Those whose attributes were seen since the lock state was; `CreateItem` changes them."""
        self._collection: str | None = None
        self._session: Any = None
        try:
            self._owner = self._started()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.bus.close()

    @property
    def collection(self) -> str:
        """The default collection's path."""
        if self._collection is None:
            self._collection = self.call(SS_PATH, "Service", "ReadAlias", "s", "default")[0]
        return self._collection

    def call(self, path: str, kind: str, method: str, signature: str = "", *body: object) -> Any:
        return self._sent(path, kind, lambda there: there.call(method, signature, *body))

    def read(self, path: str, kind: str, name: str) -> Any:
        """Return a property."""
        return self._sent(path, kind, lambda there: there.get_property(name))

    def is_locked(self) -> bool:
        """
        Whether only a prompt would open the default collection.

        A wallet that the login has opened is locked until somebody asks (KWallet 5.103, measured).
        Raises ItemNotFoundException if there is no default collection.
        """
        self.checked.clear()
        locked = self._reads_locked()
        if locked and self._is_open_wallet():
            self._ask_to_unlock()
            locked = self._reads_locked()
        self._insist_on_session()
        return locked

    def insist_on_open(self) -> None:
        if self._reads_locked():
            raise keyring_locked()

    def secret(self, path: str) -> bytes:
        ((_, start, text, _),) = self._open_item(
            path, "GetSecret", "o", self._insist_on_session().object_path
        )
        if not self._session.encrypted:
            return bytes(text)
        cipher = Cipher(algorithms.AES(self._session.aes_key), modes.CBC(bytes(start)))
        decryptor = cipher.decryptor()
        padded = decryptor.update(bytes(text)) + decryptor.finalize()
        return padded[: -padded[-1]]

    def write(self, path: str, text: bytes) -> None:
        secret = format_secret(self._insist_on_session(), text, "text/plain")
        self._open_item(path, "SetSecret", "(oayays)", secret)

    def create(self, label: str, attributes: Mapping[str, str]) -> str:
        """Create an empty item. KeePassXC does it by a prompt that shows nothing."""
        self.insist_on_open()
        members = {
            f"{SS_PREFIX}Item.Label": ("s", label),
            f"{SS_PREFIX}Item.Attributes": ("a{ss}", dict(attributes)),
        }
        empty = format_secret(self._insist_on_session(), b"", "text/plain")
        path, prompt = self.call(
            self.collection, "Collection", "CreateItem", "a{sv}(oayays)b", members, empty, False
        )
        made: str = path if prompt == _NONE else self.answer(prompt)[1]
        return made

    def answer(self, prompt: str) -> Any:
        """
        Show a prompt and return its result; PromptDismissedException.

        A service that dies with its dialog open tells nobody: a change of owner ends the wait.
        """
        signal = partial(MatchRule, type="signal")
        done = signal(interface=f"{SS_PREFIX}Prompt", member="Completed", path=prompt)
        replaced = signal(interface="org.freedesktop.DBus", member="NameOwnerChanged")
        replaced.add_arg_condition(0, BUS_NAME)
        heard: deque[Any] = deque()
        with self.bus.filter(done, queue=heard), self.bus.filter(replaced, queue=heard):
            Proxy(message_bus, self.bus).AddMatch(replaced)
            self.call(prompt, "Prompt", "Prompt", "s", "")
            message = self.bus.recv_until_filtered(heard)
        if replaced.matches(message):
            raise SecretServiceNotAvailableException
        dismissed, result = message.body
        if dismissed:
            raise PromptDismissedException
        return result

    def dismiss(self, prompt: str) -> None:
        """Decline what would need a prompt."""
        if prompt != _NONE:
            self.call(prompt, "Prompt", "Dismiss")

    def unlock(self) -> None:
        """Show the prompt that unlocks or creates the default collection."""
        try:
            locked = self.is_locked()
        except ItemNotFoundException:
            members = {f"{SS_PREFIX}Collection.Label": ("s", "Default")}
            _, prompt = self.call(
                SS_PATH, "Service", "CreateCollection", "a{sv}s", members, "default"
            )
            self._answer_any(prompt)
        else:
            if locked:
                self._ask_to_unlock()
        if self._reads_locked():
            raise PromptDismissedException

    def _ask_to_unlock(self) -> None:
        self._answer_any(self.call(SS_PATH, "Service", "Unlock", "ao", [self.collection])[1])

    def _answer_any(self, prompt: str) -> None:
        if prompt != _NONE:
            self.answer(prompt)

    def _started(self) -> str:
        """Return the unique name of the service, which the bus may have to start."""
        there = Proxy(message_bus, self.bus)
        with suppress(DBusErrorResponse):
            return str(there.GetNameOwner(BUS_NAME)[0])
        try:
            there.StartServiceByName(BUS_NAME)
            return str(there.GetNameOwner(BUS_NAME)[0])
        except DBusErrorResponse as error:
            raise SecretServiceNotAvailableException(error.name) from None

    def _reads_locked(self) -> bool:
        for _ in range(_TRIES):
            if self.collection != _NONE:
                with suppress(ItemNotFoundException):
                    return bool(self.read(self.collection, "Collection", "Locked"))
            self._collection = None
        raise ItemNotFoundException

    def _is_open_wallet(self) -> bool:
        """Whether it is one of KWallet's, and open: then the prompt asks nothing (5.103)."""
        name = self.read(self.collection, "Collection", "Label")
        for path in ("/modules/kwalletd6", "/modules/kwalletd5"):
            there = DBusAddressWrapper(path, "org.kde.KWallet", self.bus)
            there.bus_name = self._owner
            with suppress(ItemNotFoundException, DBusErrorResponse):
                return bool(there.call("isOpen", "s", name)[0])
        return False

    def _open_item(self, path: str, method: str, signature: str, *body: object) -> Any:
        try:
            return self.call(path, "Item", method, signature, *body)
        except DBusErrorResponse as error:
            if error.name != _IS_LOCKED:
                raise
        self.insist_on_open()
        raise keyring_asks()  # the collection is open, this item is not

    def _insist_on_session(self) -> Any:
        if self._session is None:
            try:
                self._session = open_session(self.bus)
            except DBusErrorResponse as error:
                if "qca" in str(error):
                    raise keyring_cannot_encrypt() from None
                raise
        return self._session

    def _sent(self, path: str, kind: str, send: Callable[[Any], Any]) -> Any:
        there = DBusAddressWrapper(path, SS_PREFIX + kind, self.bus)
        there.bus_name = self._owner  # a successor knows nothing of our session
        try:
            return send(there)
        except SecretServiceNotAvailableException as error:
            if getattr(error.__cause__, "name", None) in _UNHEARD:
                raise Unheard from None
            raise
        except DBusErrorResponse as error:
            if error.name in _UNHEARD:
                raise Unheard from None
            raise
