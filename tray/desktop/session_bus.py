"""
One connection to the session bus for all who need one; the bus may be missing, end and come back.

Nothing here raises to the caller: each tenant is told when a connection is there and when it is
not, with the reason. While connected nothing is polled; without a bus it is tried again on a
timer that grows slow.
"""

from __future__ import annotations

import asyncio
import logging
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from dbus_fast.aio import MessageBus

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 60.0
"""The longest time between two tries while there is no bus (fault 72)."""

_FIRST_RETRY_SECONDS: Final = 1.0
_AUTH_SECONDS: Final = 10.0


class Tenant(Protocol):
    """Something that lives on the connection."""

    async def connected(self, bus: MessageBus) -> None:
        """Move in; called once for each connection. Cancelled if the connection ends before."""

    def disconnected(self, reason: str) -> None:
        """Take note that there is no connection, and why; called for each failed try, too."""


class NoSessionBus(Exception):
    """There is no address to connect to; its text is the reason."""


def session_bus_address(environ: Mapping[str, str]) -> str:
    """
    Return where the session bus listens.

    That is ``DBUS_SESSION_BUS_ADDRESS``, else the socket ``$XDG_RUNTIME_DIR/bus`` that systemd
    keeps (sd_bus_default_user(3)), which is right where only the variable was lost.

    Raises:
        NoSessionBus: there is neither.
    """
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
    raise NoSessionBus("DBUS_SESSION_BUS_ADDRESS is not set")


class SessionBus:
    """
    The connection, kept for its tenants.

    Args:
        environ: where the address is looked up, anew for each try.
        retry_seconds: the longest time between two tries.
    """

    def __init__(
        self, environ: Mapping[str, str], *, retry_seconds: float = RETRY_SECONDS
    ) -> None:
        self._environ = environ
        self._retry = retry_seconds
        self._tenants: list[Tenant] = []
        self._bus: MessageBus | None = None
        self._stopping = asyncio.Event()

    def join(self, tenant: Tenant) -> None:
        """Add a tenant; before :meth:`serve`."""
        self._tenants.append(tenant)

    async def serve(self) -> None:
        """Connect and connect again until :meth:`stop`; raises nothing."""
        delay = min(_FIRST_RETRY_SECONDS, self._retry)
        while not self._stopping.is_set():
            try:
                bus = await self._connect()
            except Exception as error:  # noqa: BLE001  (whatever a bus does, the caller lives on)
                reason = _sentence(error)
            else:
                delay = min(_FIRST_RETRY_SECONDS, self._retry)
                reason = await self._live(bus)
            self._tell(reason)
            if await self._stopped_within(delay):
                return
            delay = min(2 * delay, self._retry)

    def stop(self) -> None:
        """End :meth:`serve`; the connection closes, and the tray drops the icon with it."""
        self._stopping.set()
        if self._bus is not None:
            self._bus.disconnect()

    async def _connect(self) -> MessageBus:
        address = session_bus_address(self._environ)
        return await MessageBus(bus_address=address, auth_timeout=_AUTH_SECONDS).connect()

    async def _live(self, bus: MessageBus) -> str:
        """Hand a connection to the tenants and return why it ended."""
        self._bus = bus
        tasks = [asyncio.ensure_future(self._move_in(tenant, bus)) for tenant in self._tenants]
        try:
            if self._stopping.is_set():
                bus.disconnect()
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast's
        except Exception as error:  # noqa: BLE001  (any end of a connection is just its end)
            log.debug("connection ended: %s", type(error).__name__)
        finally:
            self._bus = None
            bus.disconnect()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return "no session bus: it ended"

    async def _move_in(self, tenant: Tenant, bus: MessageBus) -> None:
        try:
            await tenant.connected(bus)
        except Exception as error:  # noqa: BLE001  (one tenant's trouble is not the others')
            log.warning("%s on the session bus: %s", type(tenant).__name__, type(error).__name__)
            if bus.connected:
                tenant.disconnected(f"the session bus answers with {type(error).__name__}")

    def _tell(self, reason: str) -> None:
        log.info("session bus: %s", reason)
        for tenant in self._tenants:
            tenant.disconnected(reason)

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True


def _sentence(error: Exception) -> str:
    match error:
        case NoSessionBus():
            return f"no session bus: {error}"
        case OSError():
            return f"no session bus: {error.strerror or type(error).__name__}"
        case _:
            return f"no session bus: {type(error).__name__}"
