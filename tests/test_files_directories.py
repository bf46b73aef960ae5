from __future__ import annotations

import os
from pathlib import Path

import pytest

from tray.storage.atomic_files import FileRefused, private_directory, remove_stale_temps

OLD = b"old" * 500


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


class TestRemoveStaleTemps:
    """What killed writers left is tidied, and nothing else."""

    NAME = ".sso-tray.0123456789abcdef.tmp"

    def test_old_ones_of_ours(self, tmp_path: Path) -> None:
        """Only old temporary files with our kind of name go; all else stays."""
        stay = [
            "x.tmp",
            ".sso-tray.0123.tmp",
            f"{self.NAME}.json",
            ".sso-tray.aaaaaaaaaaaaaaaa.tmp",
        ]
        for name in (self.NAME, *stay):
            (tmp_path / name).touch()
            os.utime(tmp_path / name, (1, 1))
        os.utime(tmp_path / ".sso-tray.aaaaaaaaaaaaaaaa.tmp")

        assert 1 == remove_stale_temps(tmp_path)
        assert sorted(stay) == names(tmp_path)

    def test_only_regular_files_of_our_own(self, tmp_path: Path, file: Path) -> None:
        """A directory or link with our kind of name stays, and so does a link's target."""
        (tmp_path / self.NAME).symlink_to(file)
        (tmp_path / self.NAME.replace("0", "1")).mkdir()

        assert 0 == remove_stale_temps(tmp_path, older_than=-1)
        assert 3 == len(names(tmp_path))

    if os.getuid() == 0:  # nobody else can give a file away

        def test_another_users(self, tmp_path: Path) -> None:
            """Another user's file stays."""
            (tmp_path / self.NAME).touch()
            os.chown(tmp_path / self.NAME, 12345, 12345)

            assert 0 == remove_stale_temps(tmp_path, older_than=-1)

    def test_no_directory(self, tmp_path: Path) -> None:
        """A directory that does not exist holds none."""
        assert 0 == remove_stale_temps(tmp_path / "none")


class TestPrivateDirectory:
    """Directories of ours are for the user alone."""

    @pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
    def test_made_with_its_parents(self, umask: int, tmp_path: Path) -> None:
        """Whatever is missing is made for the user alone, whatever the umask says."""
        before = os.umask(umask)
        try:
            made = private_directory(tmp_path / "a" / "b" / "c")
        finally:
            os.umask(before)

        assert tmp_path / "a" / "b" / "c" == made
        assert [0o700] * 3 == [
            path.stat().st_mode & 0o7777 for path in (made, made.parent, made.parent.parent)
        ]

    def test_existing_is_left_as_it_is(self, tmp_path: Path) -> None:
        """A directory that another program made keeps its mode, unless asked to be tightened."""
        tmp_path.chmod(0o755)

        assert 0o755 == private_directory(tmp_path).stat().st_mode & 0o7777
        assert 0o700 == private_directory(tmp_path, tighten=True).stat().st_mode & 0o7777

    def test_linked_directory(self, tmp_path: Path) -> None:
        """A link to a directory of ours will do."""
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to("real")

        private_directory(tmp_path / "link" / "inner")

        assert ["inner"] == names(tmp_path / "real")

    def test_taken_by_a_file(self, file: Path) -> None:
        """A file at the name is refused."""
        with pytest.raises(FileRefused, match=f"{file} isn't a directory"):
            private_directory(file)

    def test_another_users(self, tmp_path: Path) -> None:
        """A directory that somebody else made first is refused."""
        path = tmp_path / "directory"
        somebody_elses(path, directory=True)

        with pytest.raises(FileRefused, match="belongs to another user"):
            private_directory(path)


def somebody_elses(path: Path, *, directory: bool = False) -> None:
    """Put another user's file or directory there: given away by root, else a link to root's."""
    if os.getuid() != 0:
        path.symlink_to("/etc" if directory else "/etc/passwd")
        return
    path.mkdir() if directory else path.touch()
    os.chown(path, 12345, 12345)
