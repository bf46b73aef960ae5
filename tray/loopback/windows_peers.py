"""
Which user's process holds the other end of a loopback connection, on Windows.

Sources: Microsoft, GetExtendedTcpTable, MIB_TCPROW_OWNER_PID, "Process Security and Access
Rights", "Well-known SIDs".
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from typing import Any, Final, Literal

from tray.system.pipe.pipe_client import own_sid, sid_of_process

Owner = Literal["ours", "another", "unknown"]
Address = tuple[str, int]

_windows: Any = ctypes  # its parts of Windows' Python are unknown to type checkers elsewhere

_CONNECTIONS: Final = 4  # TCP_TABLE_OWNER_PID_CONNECTIONS
_TOO_SMALL: Final = 122  # ERROR_INSUFFICIENT_BUFFER: the table has grown meanwhile
_TRIES: Final = 5
_ESTABLISHED: Final = 5  # MIB_TCP_STATE_ESTAB
_ROW: Final = struct.Struct("=6I")  # state, local address and port, remote ones, process
_QUERY: Final = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION
_SYSTEM: Final = "S-1-5-18"  # what forwards an SSH port runs as, like root on Linux


def owner_of(peer: Address, ours: Address) -> Owner:
    """
    Return whose the end at `peer` of an open connection to `ours` is.

    Unknown: no open connection is listed there, it has no process (Wine), or one that may not be
    looked at, as those of other users mostly may not. Raises OSError if the table can't be read.
    """
    process = process_in(_table(), peer, ours)
    if process is None:
        return "unknown"
    kernel = _windows.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = kernel.OpenProcess(_QUERY, False, process)
    if not handle:
        return "unknown"
    try:
        user = sid_of_process(handle)
    except OSError:
        return "unknown"
    finally:
        kernel.CloseHandle(ctypes.c_void_p(handle))
    return "ours" if user in (own_sid(), _SYSTEM) else "another"


def process_in(table: bytes, peer: Address, ours: Address) -> int | None:
    """
    Return the process that a MIB_TCPTABLE_OWNER_PID gives the end at `peer` of a connection.

    None: no connection to `ours` is open there, or the table names nobody.
    """
    count = int.from_bytes(table[:4], sys.byteorder)
    sought = _packed(peer), _packed(ours)
    for state, *ends, process in _ROW.iter_unpack(table[4 : 4 + count * _ROW.size]):
        # The upper half of a port is undefined.
        local, remote = (ends[0], ends[1] & 0xFFFF), (ends[2], ends[3] & 0xFFFF)
        if state == _ESTABLISHED and (local, remote) == sought:
            return int(process) or None
    return None


def _packed(address: Address) -> tuple[int, int]:
    """Return address and port as the table has them: in network order, read in the machine's."""
    host, port = address
    return struct.unpack("=I", socket.inet_aton(host))[0], socket.htons(port)


def _table() -> bytes:
    ask = _windows.WinDLL("iphlpapi").GetExtendedTcpTable
    size = ctypes.c_uint32(0)
    table: Any = None
    for _ in range(_TRIES):
        code = ask(table, ctypes.byref(size), False, socket.AF_INET, _CONNECTIONS, 0)
        if code == 0 and table is not None:
            return bytes(table.raw)
        if code not in (0, _TOO_SMALL):
            raise _windows.WinError(code)
        table = ctypes.create_string_buffer(size.value)
    raise _windows.WinError(_TOO_SMALL)
