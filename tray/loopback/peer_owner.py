"""
Which user is at the other end of a TCP connection on this computer.

Linux says it: by sock_diag(7) for one connection, else in ``/proc/net/tcp`` and ``tcp6``
(proc(5)), which list all. Windows lists the process of each. macOS and some sandboxes say nothing.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tray.loopback.windows_peers import owner_of
from tray.system import LINUX, WINDOWS

Source = Literal["sock_diag", "proc", "processes"]

_ESTABLISHED: Final = 1  # the kernel's number for an open connection (net/tcp_states.h)
_TABLES: Final = (
    ("/proc/net/tcp", socket.AF_INET, ""),
    ("/proc/net/tcp6", socket.AF_INET6, "::ffff:"),
)
_SOCK_DIAG, _BY_FAMILY, _REQUEST, _ERROR = 4, 20, 1, 2  # from linux/sock_diag.h
_HEADER: Final = struct.Struct("=IHHII")
_ANSWER_WITHIN: Final = 1.0

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Peer:
    """``owner``: our user or root, another user (``uid``), gone, or not known to the system."""

    owner: Literal["ours", "another", "gone", "unknown"]
    uid: int | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    state: int
    uid: int
    inode: int


class PeerLookup:
    """Look up the owners of peers; all are unknown until it is opened, or where nothing works."""

    def __init__(self) -> None:
        self._netlink: socket.socket | None = None
        self._overflow: int | None = None
        self._source: Source | None = None

    def open(self) -> Source | None:
        """Find out, by a connection of our own, what works here; None if nothing does."""
        if LINUX:
            self._overflow, self._source = _unmapped_uid(), self._working_source()
        elif WINDOWS and self._names_processes():
            self._source = "processes"
        return self._source

    def close(self) -> None:
        if self._netlink is not None:
            self._netlink.close()

    def peer(self, accepted: socket.socket) -> Peer:
        """Return who is at the other end of an accepted connection; nothing is read from it."""
        if self._source is None:
            return Peer("unknown")
        try:
            if self._source == "processes":
                return Peer(owner_of(accepted.getpeername(), accepted.getsockname()))
            if not _is_open(accepted):
                return Peer("gone")  # the most of a flood, and looking up each takes long
            row = self._row(self._source, accepted.getpeername(), accepted.getsockname())
            if row is None:
                # Its socket is in another kernel's table: Windows' under WSL's mirrored network.
                return Peer("unknown" if _is_open(accepted) else "gone")
        except OSError as error:
            gone = error.errno in (errno.ENOTCONN, errno.EINVAL)
            return Peer("gone" if gone else "unknown")
        if row.state != _ESTABLISHED or not row.inode:
            return Peer("gone")
        if row.uid in (os.geteuid(), 0):
            return Peer("ours")
        return Peer("unknown") if row.uid == self._overflow else Peer("another", row.uid)

    def _names_processes(self) -> bool:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ours = listener.getsockname()
            with socket.create_connection(ours) as client:
                try:
                    return owner_of(client.getsockname(), ours) == "ours"
                except OSError:
                    return False

    def _working_source(self) -> Source | None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ours = listener.getsockname()
            with socket.create_connection(ours) as client:
                for source in ("sock_diag", "proc"):
                    try:
                        row = self._row(source, client.getsockname(), ours)
                    except OSError:
                        continue
                    if row is not None and row.uid == os.geteuid() and row.inode:
                        return source
        return None

    def _row(self, source: Source, peer: Address, ours: Address) -> _Row | None:
        return self._asked(peer, ours) if source == "sock_diag" else _listed(peer, ours)

    def _asked(self, peer: Address, ours: Address) -> _Row | None:
        """Ask by sock_diag(7): ``inet_diag_req_v2`` out, ``inet_diag_msg`` back."""
        if self._netlink is None:
            self._netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG)
            self._netlink.settimeout(_ANSWER_WITHIN)
        request = (
            struct.pack("=4BI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
            + struct.pack("!HH", peer[1], ours[1])
            + socket.inet_aton(peer[0]).ljust(16, b"\0")
            + socket.inet_aton(ours[0]).ljust(16, b"\0")
            + struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
        )
        size = _HEADER.size + len(request)
        self._netlink.sendto(_HEADER.pack(size, _BY_FAMILY, _REQUEST, 1, 0) + request, (0, 0))
        answer = self._netlink.recv(4096)
        if _HEADER.unpack_from(answer)[1] == _ERROR:
            number = -struct.unpack_from("=i", answer, _HEADER.size)[0]
            if number == errno.ENOENT:
                return None
            raise OSError(number, os.strerror(number))
        uid, inode = struct.unpack_from("=II", answer, _HEADER.size + 64)
        return _Row(answer[_HEADER.size + 1], uid, inode)


def _is_open(accepted: socket.socket) -> bool:
    # The first byte of struct tcp_info is the state of our own end (linux/tcp.h).
    return accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _ESTABLISHED


def _listed(peer: Address, ours: Address) -> _Row | None:
    for table, family, prefix in _TABLES:
        local, remote = (
            f"{_words(family, prefix + host)}:{port:04X}".encode() for host, port in (peer, ours)
        )
        try:
            text = Path(table).read_bytes()
        except FileNotFoundError:
            continue  # no IPv6 here
        found = text.find(b" %b %b " % (local, remote))
        if found >= 0:
            # st tx:rx tr:when retrnsmt uid timeout inode, after the two addresses
            columns = text[found : text.find(b"\n", found)].split()
            return _Row(int(columns[2], 16), int(columns[6]), int(columns[8]))
    return None


def _words(family: int, host: str) -> str:
    """Return an address as the kernel prints it: 32-bit words in the machine's byte order."""
    packed = socket.inet_pton(family, host)
    return "".join(f"{word:08X}" for word in struct.unpack(f"={len(packed) // 4}I", packed))


def _unmapped_uid() -> int | None:
    """Return the uid that stands for users without a number in this user namespace, if any."""
    try:
        mapped = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
        if sum(int(columns[2]) for columns in mapped) >= 0xFFFFFFFF:
            return None
        return int(Path("/proc/sys/kernel/overflowuid").read_text())
    except (OSError, ValueError):
        return 65534
