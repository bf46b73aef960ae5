"""
Lets ``os.open`` fail in a process and all it starts, as a failing machine does.

A file ``$FAILING_READS/NAME`` that holds the name of an errno (``EIO``) lets reads of files of
that name fail for as long as it is there.
"""

import errno
import os

_FAULTS = os.environ["FAILING_READS"]
_really_open = os.open


def _open(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
    fault = f"{_FAULTS}/{os.fspath(path).rpartition('/')[2]}"
    if flags & (os.O_CREAT | os.O_WRONLY | os.O_DIRECTORY) or not os.access(fault, os.R_OK):
        return _really_open(path, flags, mode, dir_fd=dir_fd)
    descriptor = _really_open(fault, os.O_RDONLY)
    number = getattr(errno, os.read(descriptor, 20).decode())
    os.close(descriptor)
    raise OSError(number, os.strerror(number), path)


os.open = _open  # type: ignore[assignment]  # the same for all that we open
