"""
The client's end of the agent's named pipe on Windows; also written beside the credential helper.

So it uses the standard library alone, of Python 3.6 or newer, and only what the interpreter holds
or ``ctypes`` gives. Sources: Microsoft, "Named Pipe Security and Access Rights", CreateFileW,
GetSecurityInfo, "Security Descriptor String Format".
"""

import ctypes
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Parts of Windows' Python alone, which type checkers elsewhere do not know.
_winapi: "Any" = __import__("_winapi") if sys.platform == "win32" else None
_windows: "Any" = ctypes

_READ_WRITE = 0xC0000000  # GENERIC_READ | GENERIC_WRITE
_OPEN_EXISTING = 3
# Overlapped; and whoever serves the pipe may learn who we are, but never act as us
# (FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION).
_FLAGS = 0x40000000 | 0x00100000 | 0x00010000
_BUSY = 231  # ERROR_PIPE_BUSY: all instances are taken for the moment
_OWNER_AND_DACL = 0x1 | 0x4
_KERNEL_OBJECT = 6  # SE_KERNEL_OBJECT
_TOKEN_QUERY, _TOKEN_USER = 0x8, 1
_CHUNK = 65536


class PipeConnection:
    """A connection with a socket's methods, as far as clients use them; not for two threads."""

    def __init__(self, handle: int, timeout: float) -> None:
        self._handle = handle
        self._timeout = timeout
        self._reading: Any = None

    def settimeout(self, seconds: float) -> None:
        self._timeout = seconds

    def sendall(self, data: bytes) -> None:
        """Raises TimeoutError, or OSError if the other end is closed."""
        writing, _ = _winapi.WriteFile(self._handle, data, overlapped=True)
        if not _over(writing, self._timeout):
            writing.cancel()
            raise TimeoutError
        written, _ = writing.GetOverlappedResult(True)
        if written != len(data):
            raise BrokenPipeError(32, "the pipe took only a part")

    def readable(self, seconds: float) -> bool:
        """Whether `recv` would return at once, waiting up to so many seconds for it."""
        if self._reading is None:
            try:
                self._reading, _ = _winapi.ReadFile(self._handle, _CHUNK, overlapped=True)
            except BrokenPipeError:
                return True
        return _over(self._reading, seconds)

    def recv(self, _most: int) -> bytes:
        """Return what there is, 64 KiB at most; nothing at the end. Raises TimeoutError."""
        if not self.readable(self._timeout):
            raise TimeoutError
        reading, self._reading = self._reading, None
        if reading is None:
            return b""
        try:
            count, _ = reading.GetOverlappedResult(True)
        except BrokenPipeError:
            return b""
        return bytes(reading.getbuffer()[:count])

    def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        _winapi.CloseHandle(self._handle)


def connect(address: str, timeout: float) -> PipeConnection:
    """
    Open a pipe, waiting while every instance is taken.

    Raises OSError; PermissionError if it is not this user's alone: then another one serves it.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            handle = _winapi.CreateFile(
                address, _READ_WRITE, 0, 0, _OPEN_EXISTING, _FLAGS, 0
            )  # fmt: skip
            break
        except OSError as error:
            left = deadline - time.monotonic()
            if getattr(error, "winerror", 0) != _BUSY or left <= 0:
                raise
        _winapi.WaitNamedPipe(address, max(1, int(left * 1000)))
    try:
        private = descriptor_of(handle) == private_descriptor()
    except OSError:
        _winapi.CloseHandle(handle)
        raise
    if not private:
        _winapi.CloseHandle(handle)
        raise PermissionError(13, "another user may serve or open it")
    return PipeConnection(handle, timeout)


def private_sddl() -> str:
    """Return a security descriptor by which this user owns an object and alone may open it."""
    user = own_sid()
    return "O:{0}D:P(A;;FA;;;{0})".format(user)  # noqa: UP032  (one value twice)


def private_descriptor() -> str:
    """Return `private_sddl` as `descriptor_of` would write it: some users have short names."""
    advapi = _windows.WinDLL("advapi32", use_last_error=True)
    made = ctypes.c_void_p()
    _insist(
        advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW(
            ctypes.c_wchar_p(private_sddl()), 1, ctypes.byref(made), None
        )
    )
    return _written(made)


def descriptor_of(handle: int) -> str:
    """Return owner and DACL of an open pipe, in SDDL; raises OSError."""
    advapi = _windows.WinDLL("advapi32", use_last_error=True)
    found = ctypes.c_void_p()
    code = advapi.GetSecurityInfo(
        ctypes.c_void_p(handle), _KERNEL_OBJECT, _OWNER_AND_DACL,
        None, None, None, None, ctypes.byref(found),
    )  # fmt: skip
    if code:
        raise _windows.WinError(code)
    return _written(found)


def _written(descriptor: ctypes.c_void_p) -> str:
    """Write a descriptor, and free it; whether a DACL is protected does not matter for a pipe."""
    advapi = _windows.WinDLL("advapi32", use_last_error=True)
    text = ctypes.c_wchar_p()
    try:
        _insist(
            advapi.ConvertSecurityDescriptorToStringSecurityDescriptorW(
                descriptor, 1, _OWNER_AND_DACL, ctypes.byref(text), None
            )
        )
        # "O:S-1-5-21-1D:P(A;;FA;;;S-1-5-21-1)": the flags stand before the first entry.
        owner, _, entries = (text.value or "").partition("D:")
        return owner + "D:" + entries[entries.find("(") :]
    finally:
        _free(text)
        _free(descriptor)


def own_sid() -> str:
    """Return who we are, as a SID in text; raises OSError."""
    kernel = _windows.WinDLL("kernel32", use_last_error=True)
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    return sid_of_process(kernel.GetCurrentProcess())


def sid_of_process(process: int) -> str:
    """Return the user of a process, given its handle, as a SID in text; raises OSError."""
    advapi = _windows.WinDLL("advapi32", use_last_error=True)
    kernel = _windows.WinDLL("kernel32", use_last_error=True)
    token, text, needed = ctypes.c_void_p(), ctypes.c_wchar_p(), ctypes.c_uint32()
    _insist(advapi.OpenProcessToken(ctypes.c_void_p(process), _TOKEN_QUERY, ctypes.byref(token)))
    try:
        user = (ctypes.c_void_p * 64)()  # TOKEN_USER: a pointer to the SID, which lies behind it
        _insist(
            advapi.GetTokenInformation(
                token, _TOKEN_USER, user, ctypes.sizeof(user), ctypes.byref(needed)
            )
        )
        _insist(advapi.ConvertSidToStringSidW(ctypes.c_void_p(user[0]), ctypes.byref(text)))
        return text.value or ""
    finally:
        _free(text)
        kernel.CloseHandle(token)


def _free(allocated: "Any") -> None:
    _windows.WinDLL("kernel32").LocalFree(ctypes.cast(allocated, ctypes.c_void_p))


def _insist(succeeded: int) -> None:
    if not succeeded:
        raise _windows.WinError(_windows.get_last_error())


def _over(operation: "Any", seconds: float) -> bool:
    return bool(
        _winapi.WaitForMultipleObjects([operation.event], False, max(0, int(seconds * 1000)))
        == _winapi.WAIT_OBJECT_0
    )
