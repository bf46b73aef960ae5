"""flock(2): released with the last descriptor of the open file, and never blocks a read."""

from __future__ import annotations

import fcntl


def lock_file(descriptor: int, *, block: bool) -> bool:
    """With ``block`` wait until it is free. Returns success."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if block else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def unlock_file(descriptor: int) -> None:
    """Unlock at once, whoever else still holds a copy of the descriptor."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
