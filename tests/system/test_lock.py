from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tray.errors import Busy, OurBug, UserMustAct
from tray.system.lock.file_lock import FileLock, lock_path
from tray.system.spawn import worker_environment

HOLDER = """
import sys, pathlib
from tray.system.lock.file_lock import FileLock
lock = FileLock(pathlib.Path(sys.argv[1]))
print(lock.acquire(None), flush=True)
sys.stdin.readline()
"""

CONTENDER = """
import sys, pathlib
from tray.system.lock.file_lock import FileLock
counter = pathlib.Path(sys.argv[2])
with FileLock(pathlib.Path(sys.argv[1])):
    seen = int(counter.read_text())
    counter.write_text(str(seen + 1))
"""

ONE_OF_MANY = """
import sys, pathlib
from tray.system.lock.file_lock import FileLock
lock = FileLock(pathlib.Path(sys.argv[1]))
print("won" if lock.acquire(0) else "lost", flush=True)
sys.stdin.readline()
"""


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a real process that runs `code`."""
    return subprocess.Popen(
        [sys.executable, "-P", "-S", "-c", code, *map(str, arguments)],
        env=worker_environment(os.environ)
        | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    """Read the next line a process says."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_lock_file_is_named_by_kind_and_hashed_key(tmp_path: Path) -> None:
    """A session key may be a URL; its lock's name is 16 hex digits, and never the key."""
    assert (
        tmp_path / "locks/session-e3094f3de55f0a9b",
        tmp_path / "locks/sign-in-e3094f3de55f0a9b",
        tmp_path / "locks/resident",
    ) == (
        lock_path(tmp_path, "session", "https://corp.awsapps.com/start"),
        lock_path(tmp_path, "sign-in", "https://corp.awsapps.com/start"),
        lock_path(tmp_path, "resident"),
    )


def test_a_key_belongs_to_the_kinds_that_have_one(tmp_path: Path) -> None:
    """A session's lock without a session is a mistake, and so is the other way round."""
    with pytest.raises(OurBug):
        lock_path(tmp_path, "session")
    with pytest.raises(OurBug):
        lock_path(tmp_path, "resident", "corp")


def test_the_second_process_waits_and_then_gets_it(tmp_path: Path) -> None:
    """A held lock refuses at once, refuses after its timeout, and is had when given back."""
    path = tmp_path / "locks" / "resident"
    holder = python(HOLDER, path)
    assert said(holder) == "True"

    lock = FileLock(path)
    refused = [lock.acquire(0), lock.acquire(0.05)]
    holder.communicate("go\n")
    got = lock.acquire(60)
    lock.release()

    assert ([False, False], True) == (refused, got)


def test_kill_9_frees_the_lock_and_leaves_the_file(tmp_path: Path) -> None:
    """A lock dies with its process; nobody has to look at a pid, or remove a file."""
    path = tmp_path / "lock"
    holder = python(HOLDER, path)
    assert said(holder) == "True"

    waiting: list[bool] = []
    lock = FileLock(path)
    thread = threading.Thread(target=lambda: waiting.append(lock.acquire(None)))
    thread.start()
    holder.send_signal(signal.SIGKILL)
    thread.join(60)
    holder.communicate()
    lock.release()

    assert ([True], True) == (waiting, path.exists())


def test_of_50_contenders_each_has_it_alone(tmp_path: Path) -> None:
    """50 processes add one to a file under the lock: no addition is lost."""
    counter = tmp_path / "counter"
    counter.write_text("0")

    contenders = [python(CONTENDER, tmp_path / "lock", counter) for _ in range(50)]
    for contender in contenders:
        contender.communicate()

    assert [0] * 50 == [contender.returncode for contender in contenders]
    assert counter.read_text() == "50"


def test_of_50_started_at_once_one_wins(tmp_path: Path) -> None:
    """The daemon's lock: one has it, 49 are told at once that they do not."""
    contenders = [python(ONE_OF_MANY, tmp_path / "lock") for _ in range(50)]

    answers = sorted(said(contender) for contender in contenders)
    for contender in contenders:
        contender.communicate("go\n")

    assert ["lost"] * 49 + ["won"] == answers


def test_two_locks_in_one_process_exclude_each_other(tmp_path: Path) -> None:
    """Threads of one worker are as strange to each other as processes."""
    path = tmp_path / "lock"

    with FileLock(path), pytest.raises(Busy), FileLock(path, timeout=0):
        pytest.fail("two hold the lock")


def test_a_lock_taken_twice_is_our_bug(tmp_path: Path) -> None:
    """Locks do not nest; asking for that is told at once instead of waiting for ever."""
    with FileLock(tmp_path / "lock") as lock, pytest.raises(OurBug):
        lock.acquire(None)


def test_releasing_twice_is_harmless(tmp_path: Path) -> None:
    """A release that has nothing to release does nothing."""
    lock = FileLock(tmp_path / "lock")
    lock.acquire()

    lock.release()
    lock.release()

    assert not lock.held


def test_a_forked_child_neither_holds_nor_frees_it(tmp_path: Path) -> None:
    """A child of fork has no part in its parent's lock, alive or ended."""
    path = tmp_path / "lock"
    lock = FileLock(path)
    lock.acquire()

    child = os.fork()
    if child == 0:  # pragma: no cover
        lock.release()
        os._exit(0 if not FileLock(path).acquire(0) else 1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    still_held = not FileLock(path).acquire(0)
    lock.release()

    assert (0, True) == (status, still_held)


def test_a_started_program_does_not_keep_it(tmp_path: Path) -> None:
    """A browser started by the holder does not inherit the lock."""
    path = tmp_path / "lock"
    lock = FileLock(path)
    lock.acquire()
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)

    lock.release()
    free = FileLock(path).acquire(0)
    child.communicate()

    assert free


def test_a_removed_lock_file_does_not_give_two_the_lock(tmp_path: Path) -> None:
    """Somebody tidies up while we wait: what we then get is the file that is there now."""
    path = tmp_path / "lock"
    first = FileLock(path)
    first.acquire()
    path.unlink()

    second = FileLock(path)
    assert second.acquire(0)
    assert not FileLock(path).acquire(0)

    first.release()
    second.release()


def test_a_lock_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file where the directory should be: one sentence that names the place."""
    (tmp_path / "locks").touch()

    with pytest.raises(UserMustAct, match=str(tmp_path / "locks" / "resident")):
        FileLock(lock_path(tmp_path, "resident")).acquire()


def test_a_lock_file_is_private(tmp_path: Path) -> None:
    """The directory is ours alone, and so is the file."""
    path = lock_path(tmp_path / "state", "resident")
    with FileLock(path):
        modes = oct(path.parent.stat().st_mode)[-3:], oct(path.stat().st_mode)[-3:]

    assert ("700", "600") == modes
