from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.daemon.living import daemon, home_with
from tests.faults.permissions import plain_user
from tests.worker.world import World
from tray.aws.cache.token_cache import cache_path
from tray.aws.cache.token_file_status import look
from tray.core.events import FileBad
from tray.core.outcomes import Failed, RemovalJudged, Renewed
from tray.demo.demo_story import CONFIG, SESSION, START_URL
from tray.storage.atomic_files import write_atomic

LONG_AGO = 100.0
"""Seconds since the last write; what is older than 60 is nobody's any more."""

TOKEN = (
    '{"startUrl": "%s", "region": "eu-west-2", "accessToken": "foreign",'
    ' "expiresAt": "2099-01-01T00:00:00Z"}'
)


def temporary(
    directory: Path, *, age: float, name: str = ".sso-tray.0123456789abcdef.tmp"
) -> Path:
    """Leave a temporary file, as a killed writer does."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text("half a tok")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_fault_01_temporary_files_of_killed_writers_go_at_start(tmp_path: Path) -> None:
    """Old ones of ours are removed wherever we write; young and foreign ones stay."""
    environ = home_with(tmp_path, CONFIG)
    aws, state = Path(environ["HOME"]) / ".aws", Path(environ["XDG_STATE_HOME"]) / "sso-tray"
    cache = aws / "sso/cache"
    old = [temporary(place, age=LONG_AGO) for place in (aws, cache, state)]
    young = temporary(cache, age=0, name=".sso-tray.fedcba9876543210.tmp")
    foreign = temporary(cache, age=LONG_AGO, name="abcdef.tmp")

    with daemon(environ):
        left = [path.exists() for path in (*old, young, foreign)]

    assert [False, False, False, True, True] == left


@contextmanager
def calls_of_the_system() -> Iterator[list[str]]:
    """Note each call by which a file is opened, written, synced or renamed, in order."""
    told: list[str] = []

    def note(frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call" or called.__module__ != "posix":
            return
        if called.__name__ in ("open", "write", "rename", "replace"):
            told.append(called.__name__)
        if called.__name__ == "fsync":
            kind = os.fstat(frame.f_locals["descriptor"]).st_mode
            told.append("fsync directory" if stat.S_ISDIR(kind) else "fsync file")

    sys.setprofile(note)
    try:
        yield told
    finally:
        sys.setprofile(None)


def test_fault_03_a_power_cut_finds_the_old_file_or_the_new(tmp_path: Path) -> None:
    """Bytes reach the disk before the name, and the name before anybody is told of success."""
    file = tmp_path / "file"
    file.write_bytes(b"old")

    with calls_of_the_system() as told:
        write_atomic(file, b"new")

    assert ["open", "write", "fsync file", "replace", "open", "fsync directory"] == told


def test_fault_09_a_file_in_the_directorys_place(tmp_path: Path) -> None:
    """The daemon starts all the same, and once the directory is there it is followed."""
    environ = home_with(tmp_path, CONFIG)
    cache = Path(environ["HOME"]) / ".aws/sso/cache"
    cache.parent.mkdir()
    cache.write_text("in the way")

    with daemon(environ) as living:
        before = living.session(SESSION)
        cache.unlink()
        cache.mkdir(mode=0o700)
        cache_path(cache, SESSION).write_text(TOKEN % "")
        after = living.until_state(SESSION, "signed-in")

    assert ("unreadable", "bad-file") == (before["state"], before["reason"])
    assert after["token_expires_at"] == "2099-01-01T00:00:00Z"


def test_fault_09_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    """File or directory: the reason is the permission, the sentence says which file."""
    file = tmp_path / "cache" / "token.json"
    file.parent.mkdir()
    file.write_text(TOKEN % "")
    seen = []

    for closed, mode in ((file, 0o600), (file.parent, 0o700)):
        closed.chmod(0)
        with plain_user():
            seen.append(look(file, time.time()))
        closed.chmod(mode)

    sentence = f"{file} can't be read: Permission denied."
    assert [FileBad("no-permission", sentence)] * 2 == seen


def test_fault_09_a_file_in_the_way_of_a_save_is_named(world: World) -> None:
    """Nothing is lost: once the place is free the kept token is published again."""
    world.keep_in_keyring()
    world.file.unlink()
    world.file.parent.rmdir()
    world.file.parent.write_text("in the way")

    refused = world.run("renew")
    world.file.parent.unlink()
    done = world.run("renew")

    assert isinstance(refused, Failed)
    assert str(world.file.parent) in refused.sentence
    assert isinstance(done, RemovalJudged)
    assert "published" == done.verdict


def test_fault_10_tokens_of_other_tools_are_left_alone(tmp_path: Path) -> None:
    """Of the same start URL, but under another name: not ours, whatever is in it."""
    environ = home_with(tmp_path, CONFIG)
    cache = Path(environ["HOME"]) / ".aws/sso/cache"
    cache.mkdir(parents=True)
    foreign = cache / ("a" * 40 + ".json")
    foreign.write_text(TOKEN % "https://demo.awsapps.com/start")

    with daemon(environ) as living:
        before = living.session(SESSION)["state"]
        (cache / ("b" * 40 + ".json")).write_text(TOKEN % "https://demo.awsapps.com/start")
        cache_path(cache, SESSION).write_text(TOKEN % "")
        living.until_state(SESSION, "signed-in")

    assert "signed-out" == before
    assert TOKEN % "https://demo.awsapps.com/start" == foreign.read_text()


def test_fault_12_a_read_only_cache(world: World) -> None:
    """AWS is asked once; the answer lies in the keyring until there is a place to publish it."""
    world.keep_in_keyring()
    old = world.members()["accessToken"]
    world.file.parent.chmod(0o500)

    with plain_user():
        refused = [world.run("renew") for _ in range(3)]
    published_meanwhile = world.members()["accessToken"]
    world.file.parent.chmod(0o700)
    done = world.run("renew")

    kept = world.kept()
    assert kept is not None
    assert {"no-permission"} == {getattr(one, "reason", None) for one in refused}
    assert str(world.file) in getattr(refused[0], "sentence", "")
    assert isinstance(done, Renewed)
    assert (1, old) == (world.asked(), published_meanwhile)
    assert kept.access_token.reveal() == world.members()["accessToken"] != old


def test_fault_12_no_place_for_our_own_state(tmp_path: Path) -> None:
    """Without a state directory there is no lock: one sentence names the place, exit code 1."""
    environ = home_with(tmp_path, CONFIG)
    Path(environ["XDG_STATE_HOME"]).parent.mkdir(parents=True)
    Path(environ["XDG_STATE_HOME"]).write_text("in the way")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tray.daemon"],
        env={**environ, "PATH": os.environ["PATH"], "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert 1 == done.returncode
    assert 1 == len(done.stderr.splitlines())
    assert environ["XDG_STATE_HOME"] in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="inotify tells who opens a file")
def test_fault_17_a_token_of_the_same_size_and_mtime_is_seen(tmp_path: Path) -> None:
    """A restored or copied file may carry its old time: the event counts, not what it says."""
    environ = home_with(tmp_path, CONFIG)
    file = cache_path(Path(environ["HOME"]) / ".aws/sso/cache", SESSION)
    file.parent.mkdir(parents=True)
    token = TOKEN % START_URL
    file.write_text(token.replace("2099", "2001"))
    before = file.stat()

    with daemon(environ) as living:
        living.until_state(SESSION, "expired")
        other = file.with_suffix(".new")
        other.write_text(token)
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.rename(file)
        seen = living.until_state(SESSION, "signed-in")

    assert (before.st_size, before.st_mtime_ns) == (file.stat().st_size, file.stat().st_mtime_ns)
    assert "signed-in" == seen["state"]


def test_fault_18_only_our_sessions_files_are_opened(tmp_path: Path) -> None:
    """Ten thousand files of others in the cache cost not one look into them."""
    from inotify_simple import INotify, flags

    environ = home_with(tmp_path, CONFIG)
    cache = Path(environ["HOME"]) / ".aws/sso/cache"
    cache.mkdir(parents=True)
    for number in range(10_000):
        (cache / f"{number:040x}.json").touch()
    for number in range(1_000):
        (cache / f"tmp{number:08x}.tmp").touch()
    ours = cache_path(cache, SESSION)
    ours.write_text(TOKEN % "")

    with INotify() as watch:
        watch.add_watch(cache, flags.OPEN)
        with daemon(environ) as living:
            living.until_state(SESSION, "signed-in")
        opened = {event.name for event in watch.read(timeout=0)}

    assert ours.name in opened
    assert {ours.name, ""} >= opened
