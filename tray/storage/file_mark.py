"""Whether a file is still what was read: a mark of it from one ``stat``, without imports."""

from __future__ import annotations

import os


def file_mark(path: str | os.PathLike[str]) -> tuple[int, ...] | None:
    """
    Return a value that changes when the file does; None for no file.

    The last member is the mtime in ns. The ctime is in it, too: it also moves when a mode changes
    or an mtime is put back.
    """
    try:
        info = os.stat(path)  # noqa: PTH116  (importing pathlib takes longer than all this)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return (error.errno or 0,)
    return (info.st_dev, info.st_ino, info.st_size, info.st_ctime_ns, info.st_mtime_ns)
