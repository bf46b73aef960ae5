"""
Read and replace small files so that no reader ever sees half of one.

Writing replaces the whole file or leaves the old one: temporary file, fsync, rename, fsync of the
directory. The system's errors pass through as ``OSError``, but as `Unread` where they say nothing
about a file to read; our own are `FileRefused`.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tray.errors import Unread, UserMustAct

log = logging.getLogger(__name__)

try:
    import fcntl
except ImportError:  # Windows has none
    _FULL_SYNC: int | None = None
else:
    # macOS: a plain fsync stops at the drive's own cache (fsync(2) there).
    _FULL_SYNC = getattr(fcntl, "F_FULLFSYNC", None)

LOCK_TIMEOUT = 5.0
"""Seconds to wait for another process of ours to rewrite a small file: it takes milliseconds."""

READ_LIMIT = 1024 * 1024  # bytes; no config or token cache file is larger (fault 5)

_TEMP_NAME = re.compile(r"\.sso-tray\.[0-9a-f]{16}\.tmp")
_RENAME_TRIES = 5
_RENAME_PAUSE = 0.05

# Flags that not every system has; without one, its danger is missing too.
READ_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_TEMP_FLAGS = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)

# What the system says of the path itself; every other error is the machine's, and passes.
_ANSWERS = (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError)
_ANSWERS_BY_NUMBER = frozenset((errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL, errno.ENXIO))

Seam = Callable[[str], None]
"""Called with the name of each step done, so that a test can stop the process there."""


class FileRefused(UserMustAct):
    """A path we refuse, such as a pipe, a loop or another user's; no ``OSError`` of the system."""


def is_passing(error: OSError) -> bool:
    """Whether the machine failed (EMFILE, ENOMEM, EIO, ESTALE ..): no answer about the path."""
    return not isinstance(error, _ANSWERS) and error.errno not in _ANSWERS_BY_NUMBER


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn an error of the machine into `Unread`; answers about the path pass through."""
    try:
        yield
    except OSError as error:
        if not is_passing(error):
            raise
        said = error.strerror or type(error).__name__
        raise Unread(f"{path} can't be read right now: {said}.") from None


def read_small(path: Path, limit: int = READ_LIMIT) -> bytes:
    """
    Return the whole of a small regular file; symbolic links are followed.

    FileRefused if it is anything else, or larger than `limit` bytes; Unread if the machine cannot
    read it now; OSError as the system says.
    """
    descriptor, data = open_small(path, limit)
    os.close(descriptor)
    return data


def open_small(path: Path, limit: int = READ_LIMIT) -> tuple[int, bytes]:
    """Like `read_small`, with the open descriptor, which shows this file after a rename (K4 5)."""
    with reading(path):
        # Checked before it is opened: opening a device can already do something.
        _insist_on_regular(path.stat().st_mode, path)
        descriptor = os.open(path, READ_FLAGS)
        try:
            _insist_on_regular(os.fstat(descriptor).st_mode, path)
            return descriptor, read_descriptor(descriptor, limit, place=str(path))
        except BaseException:
            os.close(descriptor)
            raise


def read_descriptor(descriptor: int, limit: int = READ_LIMIT, *, place: str = "the file") -> bytes:
    """Read an open file from its start; `FileRefused` (naming `place`) beyond `limit` bytes."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    data = b""
    while True:
        wanted = min(limit + 1 - len(data), 65536)
        chunk = os.read(descriptor, wanted)
        data += chunk
        if len(data) > limit:
            raise FileRefused(f"{place} is larger than {limit} bytes.", reason="bad-file")
        if len(chunk) < wanted:  # of a regular file: its end (read(2))
            return data


def write_atomic(
    path: Path,
    data: bytes,
    *,
    mode: int = 0o600,
    group: int | None = None,
    seam: Seam | None = None,
    final_check: Callable[[], None] | None = None,
) -> None:
    """
    Replace a file so that every reader sees the old or the new whole, even after a power cut.

    A symbolic link is kept and its target replaced; the directory must exist. `mode` is exact,
    whatever the umask; `group` is given if the system allows. `seam` is called with
    ``temp-written``, ``renamed`` and ``directory-synced``, `final_check` right before the rename.

    Raises FileRefused for anything but a regular file of this user, OSError, and what
    `final_check` raises; the old file is then untouched, and nothing is left beside it.
    """
    try:
        _replace(path, data, mode, group, seam if seam is not None else _ignore, final_check)
    except OSError as error:
        error.filename = str(path)  # a full disk names no file, others the temporary one
        raise


def _replace(
    path: Path,
    data: bytes,
    mode: int,
    group: int | None,
    passed: Seam,
    final_check: Callable[[], None] | None,
) -> None:
    target = _target_of(path)
    temp = target.with_name(f".sso-tray.{os.urandom(8).hex()}.tmp")
    with _removed_on_failure(temp):
        _write_temp(temp, data, mode, group)
        passed("temp-written")
        if final_check is not None:
            final_check()
        _rename(lambda: temp.replace(target))
    passed("renamed")
    _sync_directory(target.parent)
    passed("directory-synced")


def write_changed(path: Path, data: bytes) -> None:
    """Write a file of the state directory if it has changed; raises `OSError`, `TrayError`."""
    try:
        if read_small(path) == data:
            return
    except FileNotFoundError:
        private_directory(path.parent)
    write_atomic(path, data)


def remove_stale_temps(directory: Path, older_than: float = 60.0) -> int:
    """Remove what killed writers left; files younger than `older_than` seconds may be in use."""
    horizon = time.time() - older_than
    removed = 0
    try:
        entries = list(os.scandir(directory))
    except FileNotFoundError:
        return 0
    for entry in entries:
        if not _TEMP_NAME.fullmatch(entry.name):
            continue
        # Another process of ours may be doing the same.
        with suppress(FileNotFoundError):
            found = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(found.st_mode) and _is_ours(found) and found.st_mtime < horizon:
                Path(entry.path).unlink()
                removed += 1
    return removed


def remove_leftovers(files: Iterable[Path], folders: Iterable[Path]) -> None:
    """Remove what killed writers left in folders and beside files; links lead where they lead."""
    beside = {Path(os.path.realpath(file)).parent for file in files}
    for folder in sorted(beside | {Path(os.path.realpath(one)) for one in folders}):
        try:
            remove_stale_temps(folder)
        except OSError as error:
            log.info("%s cannot be tidied (%s)", folder, error.strerror)


def private_directory(path: Path, *, tighten: bool = False) -> Path:
    """
    Make a directory for the user alone (0700), with its missing parents, and return it.

    An existing one keeps its mode unless `tighten`. FileRefused if it is another user's, OSError.
    """
    make_directories(path)
    found = path.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise FileRefused(f"{path} isn't a directory.", reason="no-permission")
    if not _is_ours(found):
        raise FileRefused(f"{path} belongs to another user.", reason="no-permission")
    if tighten:
        _tighten(path, found)
    return path


def tighten_directory(path: Path) -> None:
    """Shut a directory of ours to others if there is one; what cannot be shut stays as it is."""
    with suppress(OSError):
        found = path.stat()
        if stat.S_ISDIR(found.st_mode) and _is_ours(found):
            _tighten(path, found)


def _tighten(path: Path, found: os.stat_result) -> None:
    if stat.S_IMODE(found.st_mode) & 0o077:
        path.chmod(stat.S_IMODE(found.st_mode) & 0o700)


def make_directories(path: Path) -> None:
    """Each 0700 whatever the umask, as XDG asks: no other user may replace our files."""
    missing = []
    for place in (path, *path.parents):
        # A dangling link counts as existing: mkdir fails on it with a clear FileExistsError.
        if os.path.lexists(place):
            break
        missing.append(place)
    for place in reversed(missing):
        # Two processes may start at once.
        with suppress(FileExistsError):
            place.mkdir(0o700)
            place.chmod(0o700)


def _target_of(path: Path) -> Path:
    """Return the real path to replace, following symbolic links; refuse what must not be."""
    try:
        target = Path(os.path.realpath(path, strict=True))
    except FileNotFoundError:
        return _new_target_of(path)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise FileRefused(f"{path} is a symbolic link that leads back to itself.") from None
        raise
    found = target.stat()
    _insist_on_regular(found.st_mode, path)
    if not _is_ours(found):
        raise FileRefused(f"{path} belongs to another user.", reason="no-permission")
    return target


def _new_target_of(path: Path) -> Path:
    """Return the real path where nothing exists yet; a dangling link is refused."""
    target = Path(os.path.realpath(path))
    if path.is_symlink() and not target.parent.is_dir():
        raise FileRefused(f"{path} is a symbolic link into {target.parent}, which doesn't exist.")
    return target


def _insist_on_regular(mode: int, path: Path) -> None:
    if not stat.S_ISREG(mode):
        raise FileRefused(f"{path} is {_kind(mode)}, not a regular file.", reason="bad-file")


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for test, name in kinds if test(mode)), "a device")


def _is_ours(found: os.stat_result) -> bool:
    # Windows gives every file uid 0 and has no getuid; there the ACL of the profile protects.
    return not hasattr(os, "geteuid") or found.st_uid == os.geteuid()


@contextmanager
def _removed_on_failure(temp: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        temp.unlink(missing_ok=True)
        raise


def _write_temp(temp: Path, data: bytes, mode: int, group: int | None) -> None:
    descriptor = os.open(temp, _TEMP_FLAGS, 0o600)
    try:
        if group is not None and hasattr(os, "fchown"):
            # Without membership a group cannot be given; the file then has our own group.
            with suppress(PermissionError):
                os.fchown(descriptor, -1, group)
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, mode)
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        _sync_file(descriptor)
    finally:
        os.close(descriptor)


def _sync_file(descriptor: int) -> None:
    if _FULL_SYNC is not None:
        # Network volumes do not know it; the plain fsync below is then all there is.
        with suppress(OSError):
            fcntl.fcntl(descriptor, _FULL_SYNC)
            return
    os.fsync(descriptor)


def _rename(rename: Callable[[], object]) -> None:
    """Rename, waiting a moment on Windows for a reader that locks the file (fault 16)."""
    for _ in range(_RENAME_TRIES - 1):
        try:
            rename()
        except PermissionError as error:
            if getattr(error, "winerror", None) is None:
                raise
            time.sleep(_RENAME_PAUSE)
        else:
            return
    rename()


def _sync_directory(directory: Path) -> None:
    """Make the rename itself survive a power cut, where the system can sync a directory."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        # A directory that may be written but not read (0300): the new file is in place.
        return
    try:
        _sync_file(descriptor)
    except OSError as error:
        # Some file systems sync no directories; others' failures are real.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _ignore(step: str) -> None:
    """Stands in for the seam that only tests give."""
