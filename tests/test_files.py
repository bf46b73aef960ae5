from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from tray.storage.atomic_files import (
    FileRefused,
    _rename,
    open_small,
    read_descriptor,
    read_small,
    remove_stale_temps,
    write_atomic,
)
from tray.system import WINDOWS

ROOT = Path(__file__).parents[1]
OLD = b"old" * 500
NEW = b"new" * 700
KILL = int(getattr(signal, "SIGKILL", signal.SIGTERM))  # which Windows gives no time for either


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a file of ours with old content."""
    path = tmp_path / "file"
    path.write_bytes(OLD)
    path.chmod(0o600)
    return path


def names(directory: Path) -> list[str]:
    """Return the names in a directory, sorted."""
    return sorted(path.name for path in directory.iterdir())


def python(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a Python of its own on a program that imports our code."""
    return subprocess.Popen(
        [sys.executable, "-c", dedent(program), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )


class TestReadSmall:
    """Reading takes regular files only, whole, and never blocks."""

    def test_whole(self, file: Path) -> None:
        """A regular file is read whole."""
        assert OLD == read_small(file)

    def test_as_large_as_allowed(self, file: Path) -> None:
        """A file of exactly the limit is read; one byte more is refused by name and size."""
        assert OLD == read_small(file, limit=len(OLD))
        with pytest.raises(
            FileRefused, match=rf"{re.escape(str(file))} is larger than {len(OLD) - 1} bytes"
        ):
            read_small(file, limit=len(OLD) - 1)

    def test_follows_a_link(self, file: Path) -> None:
        """A symbolic link is read through."""
        link = file.with_name("link")
        link.symlink_to(file)

        assert OLD == read_small(link)

    @pytest.mark.parametrize("kind", ["a directory", "a pipe", "a socket", "a device"])
    def test_refuses_what_is_no_regular_file(self, kind: str, tmp_path: Path) -> None:
        """A pipe, device, socket or directory is refused at once, without waiting for data."""
        path = tmp_path / "x"
        with ExitStack() as bound:
            match kind:
                case "a directory":
                    path.mkdir()
                case "a pipe":
                    os.mkfifo(path)
                case "a socket":
                    bound.enter_context(socket.socket(socket.AF_UNIX)).bind(str(path))
                case _:
                    path.symlink_to("/dev/zero")

            with pytest.raises(FileRefused, match=f"is {kind}, not a regular file"):
                read_small(path)

    def test_says_as_the_system_does(self, tmp_path: Path) -> None:
        """A missing file is FileNotFoundError, so that callers can tell."""
        with pytest.raises(FileNotFoundError):
            read_small(tmp_path / "none")

    def test_descriptor_outlives_the_name(self, file: Path) -> None:
        """An open descriptor shows what is written to the old file after its name was replaced."""
        descriptor, before = open_small(file)
        with file.open("r+b") as late_writer:
            write_atomic(file, NEW)
            late_writer.write(b"late")

        try:
            assert (OLD, NEW) == (before, read_small(file))
            assert b"late" + OLD[4:] == read_descriptor(descriptor)
        finally:
            os.close(descriptor)


class TestWriteAtomic:
    """Writing replaces the whole file or leaves the old one."""

    def test_new_and_again(self, tmp_path: Path) -> None:
        """A file is made and replaced, by a new inode, with nothing left beside it."""
        path = tmp_path / "file"

        write_atomic(path, OLD)
        first = path.stat().st_ino
        write_atomic(path, NEW)

        assert NEW == path.read_bytes()
        assert first != path.stat().st_ino
        assert ["file"] == names(tmp_path)

    @pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
    @pytest.mark.parametrize("mode", [0o600, 0o644, 0o400])
    def test_mode_is_exact(self, umask: int, mode: int, file: Path) -> None:
        """The mode is the one asked for, whatever the umask and whatever the old file had."""
        before = os.umask(umask)
        try:
            write_atomic(file, NEW, mode=mode)
        finally:
            os.umask(before)

        assert mode == file.stat().st_mode & 0o7777

    def test_keeps_a_link(self, file: Path) -> None:
        """Through a chain of links the last target is replaced and every link stays."""
        far = file.parent / "far"
        far.mkdir()
        first, second = far / "first", file.with_name("second")
        second.symlink_to(file.name)
        first.symlink_to("../second")

        write_atomic(first, NEW)

        assert NEW == file.read_bytes()
        assert first.is_symlink()
        assert second.is_symlink()
        assert ["first"] == names(far)

    def test_link_to_a_file_that_is_still_to_come(self, tmp_path: Path) -> None:
        """A link to a missing file in an existing directory gets its target."""
        link = tmp_path / "link"
        link.symlink_to("target")

        write_atomic(link, NEW)

        assert (True, NEW) == (link.is_symlink(), (tmp_path / "target").read_bytes())

    def test_link_into_nowhere(self, tmp_path: Path) -> None:
        """A link into a directory that does not exist is refused, and says which."""
        link = tmp_path / "link"
        link.symlink_to(tmp_path / "gone" / "target")

        with pytest.raises(FileRefused, match=f"{tmp_path}/gone, which doesn't exist"):
            write_atomic(link, NEW)

    def test_link_loop(self, tmp_path: Path) -> None:
        """A link that leads back to itself is refused and kept."""
        link = tmp_path / "link"
        link.symlink_to("link")

        with pytest.raises(FileRefused, match="leads back to itself"):
            write_atomic(link, NEW)
        assert link.is_symlink()

    @pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
    def test_refuses_what_is_no_regular_file(
        self, make: Callable[[Path], None], tmp_path: Path
    ) -> None:
        """A directory or a pipe at the name is refused and kept."""
        path = tmp_path / "x"
        make(path)

        with pytest.raises(FileRefused, match="not a regular file"):
            write_atomic(path, NEW)
        assert ["x"] == names(tmp_path)

    def test_other_hard_link_keeps_its_bytes(self, file: Path) -> None:
        """Nobody can make us overwrite another file by a hard link to it."""
        other = file.with_name("other")
        other.hardlink_to(file)

        write_atomic(file, NEW)

        assert (NEW, OLD) == (file.read_bytes(), other.read_bytes())

    def test_refuses_another_users_file(self, tmp_path: Path) -> None:
        """Another user's file is not replaced, even through a link in a directory of ours."""
        path = tmp_path / "file"
        somebody_elses(path)

        with pytest.raises(FileRefused, match="belongs to another user") as caught:
            write_atomic(path, NEW)
        assert "no-permission" == caught.value.reason
        assert ["file"] == names(tmp_path)

    def test_no_directory(self, tmp_path: Path) -> None:
        """A missing directory is the system's own error; none is made in passing."""
        with pytest.raises(FileNotFoundError):
            write_atomic(tmp_path / "none" / "file", NEW)
        assert [] == names(tmp_path)

    def test_disk_takes_no_more(self, file: Path) -> None:
        """When the system stops taking bytes the old file stays whole and nothing is left over."""
        with at_most(len(OLD)), pytest.raises(OSError, match="File too large"):
            write_atomic(file, NEW)

        assert OLD == file.read_bytes()
        assert ["file"] == names(file.parent)

    @pytest.mark.parametrize("step", ["temp-written", "renamed", "directory-synced"])
    def test_interrupted(self, step: str, file: Path) -> None:
        """An interruption at any step leaves the old or the new, and no temporary file."""

        def stop(reached: str) -> None:
            if reached == step:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_atomic(file, NEW, seam=stop)

        assert (OLD if step == "temp-written" else NEW) == file.read_bytes()
        assert ["file"] == names(file.parent)

    def test_temporary_name(self, file: Path) -> None:
        """The temporary file lies beside the target, is private and does not end in .json."""
        seen: list[tuple[str, int]] = []

        def look(step: str) -> None:
            seen.extend(
                (path.name, path.stat().st_mode & 0o777)
                for path in file.parent.iterdir()
                if step == "temp-written" and path != file
            )

        write_atomic(file, NEW, seam=look)

        [(name, mode)] = seen
        assert (".sso-tray.", ".tmp") == (name[:10], name[-4:])
        assert WINDOWS or 0o600 == mode


class TestRename:
    """Windows refuses to replace a file that a reader holds open."""

    class Held(PermissionError):
        """What Windows raises: ERROR_SHARING_VIOLATION."""

        winerror = 32

    def test_reader_lets_go(self) -> None:
        """A rename refused four times for a sharing violation succeeds at the fifth."""
        held = ["held"] * 4

        def rename() -> None:
            if held:
                held.pop()
                raise self.Held

        _rename(rename)

        assert [] == held

    def test_reader_keeps_it(self) -> None:
        """After five tries the refusal is raised."""
        held = ["held"] * 9

        def rename() -> None:
            held.pop()
            raise self.Held

        with pytest.raises(PermissionError):
            _rename(rename)
        assert 4 == len(held)

    def test_elsewhere_a_refusal_is_final(self) -> None:
        """On other systems no permission means no permission, at once."""
        tries = []

        def rename() -> None:
            tries.append("once")
            raise PermissionError

        with pytest.raises(PermissionError):
            _rename(rename)
        assert ["once"] == tries


class TestKilled:
    """A writer that is killed leaves the old file or the new one."""

    WRITER = """
        import sys
        from pathlib import Path
        from tray.storage.atomic_files import write_atomic
        contents = [bytes([n]) * (n * 700) for n in range(1, 8)]
        print("ready", flush=True)
        while True:
            for content in contents:
                write_atomic(Path(sys.argv[1]), content)
    """
    STOPPER = """
        import os, sys
        from pathlib import Path
        from tray.storage.atomic_files import write_atomic
        def stop(step):
            if step == sys.argv[2]:
                os.kill(os.getpid(), int(sys.argv[3]))
        write_atomic(Path(sys.argv[1]), b"new" * 700, seam=stop)
    """

    def test_never_torn(self, file: Path) -> None:
        """Readers beside a writer, and after it was killed at a random moment, see whole files."""
        whole = {OLD, *(bytes([n]) * (n * 700) for n in range(1, 8))}
        seen: set[bytes] = set()
        chance = random.Random(20)

        for _ in range(12):
            with python(self.WRITER, str(file)) as writer:
                assert writer.stdout is not None
                assert b"ready" == writer.stdout.readline().strip()
                end = time.monotonic() + chance.uniform(0.0, 0.1)
                while time.monotonic() < end:
                    seen.add(read_small(file))
                writer.kill()
            seen.add(read_small(file))

        assert set() == seen - whole

    @pytest.mark.parametrize("step", ["temp-written", "renamed", "directory-synced"])
    def test_at_each_step(self, step: str, file: Path) -> None:
        """Killed at a step, the file is the old or the new, and what lies beside it is tidied."""
        with python(self.STOPPER, str(file), step, str(KILL)) as writer:
            assert KILL == abs(writer.wait())

        before = step == "temp-written"
        assert (OLD if before else NEW) == file.read_bytes()
        assert int(before) == remove_stale_temps(file.parent, older_than=-1)
        assert ["file"] == names(file.parent)


def test_an_error_of_the_system_names_the_file(tmp_path: Path) -> None:
    """A full disk says only that it is full, and a temporary name helps nobody."""
    path = tmp_path / "a"

    with at_most(10), pytest.raises(OSError, match="too large") as full:
        write_atomic(path, b"x" * 100)

    assert str(path) == full.value.filename


def somebody_elses(path: Path, *, directory: bool = False) -> None:
    """Put another user's file or directory there: given away by root, else a link to root's."""
    if os.getuid() != 0:
        path.symlink_to("/etc" if directory else "/etc/passwd")
        return
    path.mkdir() if directory else path.touch()
    os.chown(path, 12345, 12345)


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """Let this process write files of at most so many bytes (SIGXFSZ is ignored by Python)."""
    resource = pytest.importorskip("resource", reason="Windows has no limits")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
