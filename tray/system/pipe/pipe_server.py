"""
The daemon's end of the agent's named pipe: only its own user, and nobody over the network.

Source: Microsoft, CreateNamedPipeW. asyncio's own pipe server takes Windows' default security
descriptor, with which everybody may read.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any, Final

from tray.errors import Busy, UserMustAct
from tray.system.pipe.pipe_client import connect, descriptor_of, private_descriptor, private_sddl

log = logging.getLogger(__name__)

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_DUPLEX_OVERLAPPED: Final = 0x3 | 0x40000000
_FIRST_INSTANCE: Final = 0x00080000
_REJECT_REMOTE_CLIENTS: Final = 0x8  # and bytes, blocking: 0
_UNLIMITED: Final = 255
_BUFFER: Final = 64 * 1024
_PROBE_SECONDS: Final = 0.5
_TRY_AGAIN: Final = 1.0  # seconds


class _SecurityAttributes(ctypes.Structure):
    _fields_ = (
        ("nLength", ctypes.c_uint32),
        ("lpSecurityDescriptor", ctypes.c_void_p),
        ("bInheritHandle", ctypes.c_int),
    )


class PipeListener:
    """
    A pipe's first instance, and those after it; one always waits, so that nobody takes the name.

    Raises `Busy` if a daemon of ours serves it, `UserMustAct` if another user does, or if its
    descriptor is not what was asked for.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        _insist_on_nobody(address)
        try:
            self._waiting = self._instance(_FIRST_INSTANCE)
        except PermissionError:
            raise _of_another(address) from None
        if descriptor_of(self._waiting) != private_descriptor():
            import_module("_winapi").CloseHandle(self._waiting)
            raise UserMustAct(f"other users can open {address}", reason="no-permission")
        self._closed = False

    def serve(self, connected: Connected, limit: int) -> None:
        """Call ``connected(reader, writer)`` for each client, on the running loop."""
        self._loop: Any = asyncio.get_running_loop()
        self._connected, self._limit = connected, limit
        self._accept(self._waiting)

    def close(self) -> None:
        """Let nobody in any more; connections last."""
        self._closed = True
        self._pipe.close()

    def _instance(self, more: int = 0) -> int:
        windows: Any = ctypes
        made = ctypes.c_void_p()
        advapi = windows.WinDLL("advapi32", use_last_error=True)
        if not advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW(
            ctypes.c_wchar_p(private_sddl()), 1, ctypes.byref(made), None
        ):
            raise windows.WinError(windows.get_last_error())
        security = _SecurityAttributes(ctypes.sizeof(_SecurityAttributes), made, 0)
        try:
            handle: int = import_module("_winapi").CreateNamedPipe(
                self._address,
                _DUPLEX_OVERLAPPED | more,
                _REJECT_REMOTE_CLIENTS,
                _UNLIMITED,
                _BUFFER,
                _BUFFER,
                0,
                ctypes.addressof(security),
            )
        finally:
            windows.WinDLL("kernel32").LocalFree(made)
        return handle

    def _accept(self, handle: int) -> None:
        self._pipe = import_module("asyncio.windows_utils").PipeHandle(handle)
        try:
            waiting = self._loop._proactor.accept_pipe(self._pipe)  # noqa: SLF001  (no public name)
        except OSError as error:
            self._next_after(self._pipe, error)
            return
        waiting.add_done_callback(lambda done, pipe=self._pipe: self._came(done, pipe))

    def _came(self, done: asyncio.Future[Any], pipe: Any) -> None:
        error = None if done.cancelled() else done.exception()
        if self._closed or done.cancelled():
            pipe.close()
            return
        if error is not None:
            self._next_after(pipe, error)
            return
        self._more()
        reader = asyncio.StreamReader(limit=self._limit, loop=self._loop)
        protocol = asyncio.StreamReaderProtocol(reader, self._connected, loop=self._loop)
        self._loop._make_duplex_pipe_transport(pipe, protocol)  # noqa: SLF001  (no public name)

    def _next_after(self, pipe: Any, error: BaseException) -> None:
        """Replace an instance whose client left at once; the new one first, to keep the name."""
        log.debug("a client left before it was let in (%s)", type(error).__name__)
        self._more()
        pipe.close()

    def _more(self) -> None:
        if self._closed:
            return
        try:
            handle = self._instance()
        except OSError as error:
            log.warning("the pipe takes nobody for a moment (%s)", type(error).__name__)
            self._loop.call_later(_TRY_AGAIN, self._more)
        else:
            self._accept(handle)


def _insist_on_nobody(address: str) -> None:
    """Wine does not know a first instance, and ours would then stand beside the other's."""
    try:
        connect(address, _PROBE_SECONDS).close()
    except FileNotFoundError:
        return
    except PermissionError:
        raise _of_another(address) from None
    except OSError as error:
        log.info("%s is taken (%s)", address, type(error).__name__)
    raise Busy(f"another SSO Tray answers at {address}")


def _of_another(address: str) -> UserMustAct:
    return UserMustAct(f"another user serves {address}", reason="no-permission")
