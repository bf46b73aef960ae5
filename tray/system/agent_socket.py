"""
The agent's unix socket: our own 0700 directory, a 0600 socket, and the peer's uid.

On Windows a named pipe, called after the path that the socket would have: `tray.system.pipe`.
"""

from __future__ import annotations

import hashlib
import logging
import os
import select
import socket
import stat
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from tray.errors import Busy, TrayError, Unreachable, UserMustAct
from tray.storage.atomic_files import make_directories
from tray.system import LINUX, WINDOWS
from tray.system.agent_places import LONGEST_SOCKET_PATH

if TYPE_CHECKING:
    from tray.system.pipe.pipe_client import PipeConnection
    from tray.system.pipe.pipe_server import PipeListener

Connection: TypeAlias = "socket.socket | PipeConnection"
Listener: TypeAlias = "socket.socket | PipeListener"

log = logging.getLogger(__name__)

_BACKLOG: Final = 128
_PROBE_SECONDS: Final = 0.5
_FULL_BACKLOG_WAIT: Final = 0.005


def client_address(path: Path) -> str:
    """Return what a client opens: the path itself, or on Windows the pipe's name."""
    if not WINDOWS:
        return str(path)
    digest = hashlib.sha256(os.path.normcase(path).encode(errors="surrogatepass")).hexdigest()
    return rf"\\.\pipe\sso-tray-{digest[:16]}"


def listener(path: Path) -> Listener:
    """As `listen`; on Windows, a pipe."""
    if not WINDOWS:
        return listen(path)
    from tray.system.pipe.pipe_server import PipeListener

    make_directories(path.parent)  # for the files of those that use the agent
    return PipeListener(client_address(path))


def connection(path: Path, timeout: float) -> Connection:
    """As `connect`; on Windows, to a pipe."""
    if not WINDOWS:
        return connect(path, timeout)
    from tray.system.pipe import pipe_client

    address = client_address(path)
    try:
        return pipe_client.connect(address, timeout)
    except OSError as error:
        raise Unreachable(
            f"SSO Tray doesn't answer at {address}: {error.strerror or error}"
        ) from error


def first_listener(paths: Sequence[Path]) -> tuple[Path, Listener]:
    """Raises `Busy` if another daemon answers at the last of the places, `UserMustAct`."""
    trouble = ""
    for path in paths:
        try:
            return path, listener(path)
        except Busy:
            if path == paths[-1]:
                raise
        except (TrayError, OSError) as error:
            trouble = str(error)
            log.info("%s: %s", path, error)
    raise UserMustAct(trouble)


def listen(path: Path) -> socket.socket:
    """
    Return the agent's socket, listening and non-blocking; the caller holds the daemon lock.

    Only a dead socket of our own is replaced. The mode is set before the socket listens, so that
    it is never open to others. Raises `Busy` if a daemon answers there, `UserMustAct` if something
    else is in the way.
    """
    _own_directory(path.parent)
    _clear_dead_socket(path)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _address(path) as address:
            server.bind(address)
        path.chmod(0o600)
        server.listen(_BACKLOG)
        server.setblocking(False)
    except OSError as error:
        server.close()
        raise UserMustAct(
            f"cannot open the agent's socket {path}: {error.strerror or error}",
            reason="no-permission",
        ) from error
    return server


def socket_mark(path: Path) -> tuple[int, int] | None:
    """Return what tells this socket from another at its place; None for a pipe, or nothing."""
    if WINDOWS:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def connect(path: Path, timeout: float) -> socket.socket:
    """Raises `Unreachable` if nothing answers, or another user's process does."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _connect_by(client, path, time.monotonic() + timeout)
        client.settimeout(timeout)
        owner = peer_uid(client)
    except OSError as error:
        client.close()
        raise Unreachable(
            f"SSO Tray doesn't answer at {path}: {error.strerror or error}"
        ) from error
    if owner != os.geteuid():
        client.close()
        raise Unreachable(f"the socket {path} is served by another user (uid {owner})")
    return client


def readable(connection: Connection, seconds: float) -> bool:
    """Whether there is something to receive, or the end, within so many seconds."""
    if isinstance(connection, socket.socket):
        return bool(select.select([connection], [], [], seconds)[0])
    return connection.readable(seconds)


def is_stranger(connection: socket.socket | None) -> bool:
    """Whether another user connected, whom directory, mode or descriptor should have kept out."""
    if connection is None:  # a pipe, which its descriptor opens to its owner alone
        return False
    uid = peer_uid(connection)
    if uid == os.geteuid():
        return False
    log.warning("user %d tried to connect", uid)
    return True


def peer_uid(connection: socket.socket) -> int:
    """From the kernel: SO_PEERCRED (unix(7)), LOCAL_PEERCRED (macOS' ``sys/un.h``, never run)."""
    if LINUX:
        return _linux_peer(connection)[1]
    local_level, local_peercred, xucred_bytes = 0, 1, 76
    found = connection.getsockopt(local_level, local_peercred, xucred_bytes)
    return int(struct.unpack_from("2I", found)[1])


def peer_process(connection: socket.socket | None) -> int:
    """Return the other end's pid, 0 where the system does not say (unix(7))."""
    return 0 if connection is None or not LINUX else _linux_peer(connection)[0]


def _linux_peer(connection: socket.socket) -> tuple[int, int, int]:
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, gid = struct.unpack("3i", found)
    return pid, uid, gid


def _connect_by(client: socket.socket, path: Path, deadline: float) -> None:
    """Wait while the backlog is full: a unix socket fails with EAGAIN instead of blocking."""
    while True:
        client.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            with _address(path) as address:
                client.connect(address)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_FULL_BACKLOG_WAIT)
        else:
            return


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """
    Yield a path that unix(7) takes, however long the home is: 108 bytes at most.

    OSError where it is too long and there is no ``/proc`` to shorten it by.
    """
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH or not LINUX:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def _own_directory(directory: Path) -> None:
    try:
        make_directories(directory)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        msg = f"{directory} must be a directory of your own for the agent's socket: "
        raise UserMustAct(msg + (error.strerror or ""), reason="no-permission") from error
    try:
        _check_directory(descriptor, directory)
    finally:
        os.close(descriptor)


def _check_directory(descriptor: int, directory: Path) -> None:
    found = os.fstat(descriptor)
    if found.st_uid != os.geteuid():
        raise UserMustAct(
            f"{directory} belongs to another user (uid {found.st_uid}); remove it",
            reason="no-permission",
        )
    if found.st_mode & 0o022:
        raise UserMustAct(
            f"other users can write to {directory}; remove it or run chmod 700",
            reason="no-permission",
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        os.fchmod(descriptor, 0o700)


def _clear_dead_socket(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
        raise UserMustAct(f"{path} isn't SSO Tray's socket; remove it", reason="no-permission")
    if _answers(path):
        raise Busy(f"another SSO Tray answers at {path}")
    path.unlink(missing_ok=True)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            _connect_by(probe, path, time.monotonic() + _PROBE_SECONDS)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # a full backlog, for example: perhaps not dead, so it is left alone
    return True
