"""LockFileEx: released when its process dies. From Microsoft's reference; never run."""

from __future__ import annotations

import ctypes
import importlib
from typing import Any, Final

_EXCLUSIVE: Final = 0x2
_FAIL_IMMEDIATELY: Final = 0x1
_ERROR_LOCK_VIOLATION: Final = 33
_ERROR_IO_PENDING: Final = 997
_FAR_OFFSET: Final = 0x7FFFFFFF
"""A byte beyond every file here: locks on Windows are mandatory and would prevent reading."""


class _Overlapped(ctypes.Structure):
    _fields_ = (
        ("Internal", ctypes.c_void_p),
        ("InternalHigh", ctypes.c_void_p),
        ("Offset", ctypes.c_uint32),
        ("OffsetHigh", ctypes.c_uint32),
        ("hEvent", ctypes.c_void_p),
    )


def _kernel32() -> Any:
    return vars(ctypes)["WinDLL"]("kernel32", use_last_error=True)


def _handle(descriptor: int) -> ctypes.c_void_p:
    return ctypes.c_void_p(importlib.import_module("msvcrt").get_osfhandle(descriptor))


def lock_file(descriptor: int, *, block: bool) -> bool:
    """With ``block`` wait until it is free. Returns success."""
    flags = _EXCLUSIVE | (0 if block else _FAIL_IMMEDIATELY)
    place = _Overlapped(Offset=_FAR_OFFSET)
    if _kernel32().LockFileEx(_handle(descriptor), flags, 0, 1, 0, ctypes.byref(place)):
        return True
    code: int = vars(ctypes)["get_last_error"]()
    if code in {_ERROR_LOCK_VIOLATION, _ERROR_IO_PENDING}:
        return False
    raise OSError(code, "LockFileEx failed")


def unlock_file(descriptor: int) -> None:
    place = _Overlapped(Offset=_FAR_OFFSET)
    _kernel32().UnlockFileEx(_handle(descriptor), 0, 1, 0, ctypes.byref(place))
