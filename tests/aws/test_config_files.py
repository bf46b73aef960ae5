from __future__ import annotations

import os
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tray.aws.config.catalog import CatalogReader, read_catalog
from tray.aws.config.config_files import ConfigFiles
from tray.core.model import Catalog
from tray.errors import ConfigRejected
from tray.system.credential_variables import profile_in_environment

_LONG_AGO = 1_000_000_000


@pytest.fixture
def files(tmp_path: Path) -> ConfigFiles:
    """Name two files that are not there yet."""
    return ConfigFiles(config=tmp_path / "config", credentials=tmp_path / "credentials")


def _names(catalog: Catalog) -> list[str]:
    return [profile.name for profile in catalog.profiles]


def test_files_stand_in_the_home_of_the_environment() -> None:
    """Without variables of AWS the files are those in ``$HOME/.aws``."""
    files = ConfigFiles.from_environment({"HOME": "/home/eve/"})

    assert ConfigFiles(Path("/home/eve/.aws/config"), Path("/home/eve/.aws/credentials")) == files


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/etc/aws", "/etc/aws"),
        ("~/a", "/home/eve/a"),
        ("$DIR/a", "/srv/x/a"),
        ("${DIR}/$DIR", "/srv/x//srv/x"),
        ("$TILDE/a", "/home/eve/a"),
        ("/a/$UNSET/${UNSET}", "/a/$UNSET/${UNSET}"),
        ("/a/~", "/a/~"),
        ("~nobody-of-that-name/a", str(Path("~nobody-of-that-name/a").absolute())),
        ("relative", str(Path("relative").absolute())),
        ("", os.devnull),
    ],
)
def test_paths_are_expanded_as_botocore_does(text: str, path: str) -> None:
    """Variables first, then the home, both from the environment given."""
    environ = {
        "HOME": "/home/eve",
        "DIR": "/srv/x",
        "TILDE": "~",
        "AWS_CONFIG_FILE": text,
        "AWS_SHARED_CREDENTIALS_FILE": text,
    }

    files = ConfigFiles.from_environment(environ)

    assert ConfigFiles(Path(path), Path(path)) == files


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, None),
        ({"AWS_PROFILE": "a"}, "a"),
        ({"AWS_DEFAULT_PROFILE": "b"}, "b"),
        ({"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"}, "a"),
        ({"AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "b"}, None),
    ],
)
def test_the_environment_names_the_profile_as_for_the_aws_cli(
    environ: dict[str, str], name: str | None
) -> None:
    """AWS_PROFILE counts before AWS_DEFAULT_PROFILE, and an empty one names none."""
    assert name == profile_in_environment(environ)


def test_no_files_at_all_are_an_empty_catalog(files: ConfigFiles) -> None:
    """Somebody new to AWS has neither file, and that is no fault."""
    assert Catalog() == read_catalog(files)


def test_the_null_device_is_an_empty_file(files: ConfigFiles) -> None:
    """``AWS_CONFIG_FILE=/dev/null`` is how people switch the config off."""
    files.credentials.write_text("[a]\n")
    files.config.symlink_to(os.devnull)

    assert ["a"] == _names(read_catalog(files))


def test_a_file_where_the_directory_should_be_is_no_config(tmp_path: Path) -> None:
    """As for botocore, nothing can lie under a file."""
    (tmp_path / "aws").write_text("")
    files = ConfigFiles(tmp_path / "aws" / "config", tmp_path / "aws" / "credentials")

    assert Catalog() == read_catalog(files)
    assert Catalog() == CatalogReader(files).read()


def _directory(path: Path) -> None:
    path.mkdir()


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def _too_large(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(16 * 2**20 + 1)


def _link_to_itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and sockets are no files there")
@pytest.mark.parametrize("which", ["config", "credentials"])
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_directory, "is a directory, not a file."),
        (_fifo, "is a pipe or device, not a regular file."),
        (_socket, "is a pipe or device, not a regular file."),
        (_too_large, "is larger than 16 MiB, too large for an AWS config."),
        (_link_to_itself, "can't be read: Too many levels of symbolic links."),
    ],
)
def test_what_is_no_readable_file_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str, make: object, says: str
) -> None:
    """Never an empty menu without a word, and never a wait for a pipe's other end."""
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    path = Path(which)
    assert callable(make)
    make(path)

    with pytest.raises(ConfigRejected) as caught:
        read_catalog(ConfigFiles(Path("config"), Path("credentials")))

    assert f"{which} {says}" == caught.value.sentence
    assert (which, None) == (caught.value.file, caught.value.line)


@contextmanager
def _forbidden(path: Path) -> Iterator[None]:
    """Let nobody read the file for a while; root, who may read all, becomes somebody else."""
    path.chmod(0)
    if os.geteuid() == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(os.getuid())
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)


@pytest.mark.skipif(sys.platform == "win32", reason="modes do not forbid reading there")
def test_a_file_without_permission_is_refused_and_tried_again(files: ConfigFiles) -> None:
    """A mode is mended without the file changing; the next look sees it."""
    files.config.write_text("[default]\n")
    reader = CatalogReader(files)

    with (
        _forbidden(files.config),
        pytest.raises(ConfigRejected, match=r"/config can't be read: Permission denied\.$"),
    ):
        reader.read()

    assert ["default"] == _names(reader.read())


_opened: list[str] = []
_listening = False


def _note_opened(event: str, arguments: tuple[object, ...]) -> None:
    if _listening and event == "open" and not isinstance(arguments[0], int):
        _opened.append(str(arguments[0]))


sys.addaudithook(_note_opened)


@contextmanager
def _files_opened() -> Iterator[list[str]]:
    global _listening  # an audit hook stays for life and has no other switch
    _opened.clear()
    _listening = True
    try:
        yield _opened
    finally:
        _listening = False


def _age(files: ConfigFiles) -> None:
    for path in (files.config, files.credentials):
        if path.exists():
            os.utime(path, (_LONG_AGO, _LONG_AGO))


def test_unchanged_files_are_not_opened_again(files: ConfigFiles) -> None:
    """The same catalog object comes back, and neither file is opened for it."""
    files.config.write_text("[default]\n")
    files.credentials.write_text("[a]\n")
    _age(files)
    reader = CatalogReader(files)
    first = reader.read()

    with _files_opened() as opened:
        second = reader.read()

    assert first is second
    assert [] == opened


def test_a_file_just_written_is_compared_by_content(files: ConfigFiles) -> None:
    """Within two seconds of its mtime a file may change unseen, so its bytes decide."""
    files.config.write_text("[default]\n")
    info = files.config.stat()
    now = info.st_mtime
    reader = CatalogReader(files, clock=lambda: now)
    first = reader.read()

    with _files_opened() as opened:
        second = reader.read()

    assert first is second
    assert [str(files.config)] == opened


def test_a_file_that_has_settled_is_hashed_once_more_and_then_left_alone(
    files: ConfigFiles,
) -> None:
    """Two seconds after the write one last look makes the stat enough."""
    files.config.write_text("[default]\n")
    now = files.config.stat().st_mtime + 1
    reader = CatalogReader(files, clock=lambda: now)
    first = reader.read()
    now += 2

    second = reader.read()
    with _files_opened() as opened:
        third = reader.read()

    assert first is second is third
    assert [] == opened


def test_a_change_that_keeps_size_and_mtime_is_seen(files: ConfigFiles) -> None:
    """An mtime that was put back does not hide an edit: ctime cannot be."""
    files.config.write_text("[profile a]\n")
    _age(files)
    reader = CatalogReader(files)
    reader.read()

    files.config.write_text("[profile b]\n")
    _age(files)

    assert ["b"] == _names(reader.read())


@pytest.mark.parametrize("which", ["config", "credentials"])
def test_a_file_that_comes_and_goes_is_followed(files: ConfigFiles, which: str) -> None:
    """Neither a file's appearing nor its vanishing goes unnoticed."""
    reader = CatalogReader(files)
    path = tmp = files.config if which == "config" else files.credentials
    seen = [_names(reader.read())]

    tmp.write_text("[default]\n")
    seen.append(_names(reader.read()))
    path.unlink()
    seen.append(_names(reader.read()))

    assert [[], ["default"], []] == seen


def test_a_refused_file_is_refused_again_without_being_read(files: ConfigFiles) -> None:
    """The verdict stands until the file changes, and mending the file ends it."""
    files.config.write_text("[default\n")
    _age(files)
    reader = CatalogReader(files)
    with pytest.raises(ConfigRejected) as first:
        reader.read()

    with _files_opened() as opened, pytest.raises(ConfigRejected) as second:
        reader.read()
    files.config.write_text("[default]\n")

    assert [] == opened
    assert (first.value.sentence, 1) == (second.value.sentence, second.value.line)
    assert ["default"] == _names(reader.read())
