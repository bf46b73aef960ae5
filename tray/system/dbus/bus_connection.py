"""One connection to a message bus for all its clients; the bus may be missing, or come back."""

from __future__ import annotations

import asyncio
import logging
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from dbus_fast import Message, MessageFlag
from dbus_fast.aio import MessageBus

log = logging.getLogger(__name__)

SYSTEM_BUS: Final = "unix:path=/run/dbus/system_bus_socket"
BUS_NAME: Final = "org.freedesktop.DBus"

_FIRST_RETRY_SECONDS: Final = 1.0
_SLOWER: Final = 4.0  # factor between two waits: a missing bus seldom comes, each try wakes us
_AUTH_SECONDS: Final = 10.0


class BusClient(Protocol):
    async def connected(self, bus: MessageBus) -> None:
        """Called once for each connection; cancelled if it ends before this returns."""

    def disconnected(self, reason: str) -> None:
        """Called when the connection ends, and for each failed try."""


class NoBus(Exception):
    """There is no address to connect to; its text is the reason."""


def system_bus_address(environ: Mapping[str, str]) -> str:
    """D-Bus Specification, "System message bus"."""
    return environ.get("DBUS_SYSTEM_BUS_ADDRESS") or SYSTEM_BUS


def session_bus_address(environ: Mapping[str, str]) -> str:
    """The socket helps if only the variable was lost (sd_bus_default_user(3)); raises `NoBus`."""
    address = environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    if address:
        return address
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime:
        usual = Path(runtime) / "bus"
        try:
            if stat.S_ISSOCK(usual.stat().st_mode):
                return f"unix:path={usual}"
        except OSError as error:
            log.debug("%s: %s", usual, error.strerror)
    raise NoBus("DBUS_SESSION_BUS_ADDRESS is not set")


def method_call(
    destination: str,
    path: str,
    interface: str,
    member: str,
    signature: str = "",
    body: list[Any] | None = None,
    *,
    flags: MessageFlag = MessageFlag.NONE,
) -> Message:
    return Message(
        destination=destination,
        path=path,
        interface=interface,
        member=member,
        signature=signature,
        body=body or [],
        flags=flags,
    )


def bus_call(member: str, signature: str = "", body: list[Any] | None = None) -> Message:
    return method_call(BUS_NAME, "/org/freedesktop/DBus", BUS_NAME, member, signature, body)


def send_and_forget(bus: MessageBus, message: Message) -> None:
    """Send a call whose answer is not needed; raises nothing, whatever dbus-fast 5.2 does."""
    message.flags |= MessageFlag.NO_REPLY_EXPECTED
    try:
        bus.send(message).add_done_callback(_retrieve)
    except Exception as error:  # noqa: BLE001  (a selector's, a socket's: whatever came first)
        log.debug("nothing was sent: %s", type(error).__name__)


def _retrieve(sent: asyncio.Future[None]) -> None:
    if not sent.cancelled():
        sent.exception()


class _PatientSocket:
    """Says "nothing sent" when full: dbus-fast 5.2 ends at EAGAIN (python-dbus-next issue 153)."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def send(self, data: memoryview) -> int:
        try:
            return self._sock.send(data)
        except BlockingIOError:
            return 0


class Bus:
    """``address`` returns where the bus listens or raises `NoBus`; called before each try."""

    def __init__(self, name: str, address: Callable[[], str], *, retry_seconds: float) -> None:
        self._name = name
        self._address = address
        self._retry = retry_seconds
        self._clients: list[BusClient] = []
        self._bus: MessageBus | None = None
        self._introducing: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        self._reason = ""

    def join(self, client: BusClient) -> None:
        self._clients.append(client)
        if self._bus is not None:
            self._introducing.append(asyncio.create_task(self._introduce(client, self._bus)))
        elif self._reason:
            client.disconnected(self._reason)

    async def serve(self) -> None:
        """Connect and reconnect until :meth:`stop`; raises nothing."""
        delay = min(_FIRST_RETRY_SECONDS, self._retry)
        while not self._stopping.is_set():
            try:
                bus = await self._connect()
            except Exception as error:  # noqa: BLE001  (whatever a bus does, it is tried again)
                reason = self._sentence(error)
            else:
                delay = min(_FIRST_RETRY_SECONDS, self._retry)
                reason = await self._live(bus)
            self._report(reason)
            if await self._stopped_within(delay):
                return
            delay = min(_SLOWER * delay, self._retry)

    def stop(self) -> None:
        self._stopping.set()
        if self._bus is not None:
            self._bus.disconnect()

    async def _connect(self) -> MessageBus:
        """Until it is stopped: a bus that hangs must not hold up our end."""
        bus = MessageBus(bus_address=self._address(), auth_timeout=_AUTH_SECONDS)
        ends = [asyncio.create_task(one) for one in (bus.connect(), self._stopping.wait())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if not ends[0].done():
                raise NoBus("it is not needed any more")
            await ends[0]
        finally:
            for one in ends:
                one.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        writer: Any = bus._writer  # noqa: SLF001  (no public way leads there)
        writer.sock = _PatientSocket(writer.sock)
        return bus

    async def _live(self, bus: MessageBus) -> str:
        self._bus, self._reason = bus, ""
        self._introducing = tasks = [
            asyncio.create_task(self._introduce(client, bus)) for client in self._clients
        ]
        try:
            if self._stopping.is_set():
                bus.disconnect()
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast's own
        except Exception as error:  # noqa: BLE001  (any end of a connection is just its end)
            log.debug("%s: %s", self._name, type(error).__name__)
        finally:
            self._bus = None
            bus.disconnect()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return f"no {self._name}: it ended"

    async def _introduce(self, client: BusClient, bus: MessageBus) -> None:
        try:
            await client.connected(bus)
        except Exception as error:  # noqa: BLE001  (one client's failure is not the others')
            kind = type(error).__name__
            log.warning("%s on the %s: %s", type(client).__name__, self._name, kind)
            if bus.connected:
                client.disconnected(f"the {self._name} answers with {kind}")

    def _report(self, reason: str) -> None:
        if reason != self._reason:
            self._reason = reason
            log.info("%s", reason)
        for client in self._clients:
            client.disconnected(reason)

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True

    def _sentence(self, error: Exception) -> str:
        match error:
            case NoBus():
                why = str(error)
            case OSError():
                why = error.strerror or type(error).__name__
            case _:
                why = type(error).__name__
        return f"no {self._name}: {why}"
