from __future__ import annotations

import asyncio
import os
import select
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tray.system.watch.directory_change import DirectoryChange
from tray.system.watch.directory_watch import directory_events, places
from tray.system.watch.inotify_watch import InotifyEvents

PATIENCE = 30.0


@pytest.fixture
def events() -> Iterator[InotifyEvents]:
    """Directory events of the kernel's."""
    made = InotifyEvents()
    yield made
    made.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with an AWS directory in it."""
    (tmp_path / "home/.aws/sso/cache").mkdir(parents=True)
    return tmp_path / "home"


def told(events: InotifyEvents, *expected: DirectoryChange) -> set[DirectoryChange]:
    """Collect what is told until everything expected was; returns all of it."""
    collected: set[DirectoryChange] = set()
    deadline = time.monotonic() + PATIENCE
    while not collected >= set(expected):
        ready, _, _ = select.select([events], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"only {collected} was told"
        collected |= events.read()
    return collected


def silent(events: InotifyEvents) -> bool:
    """Whether nothing is to be told; inotify queues before the system call returns."""
    return not events.read()


def replace(file: Path, text: str) -> None:
    """Write a file as botocore does: beside it, then renamed over it."""
    beside = file.with_name(file.name + ".tmp")
    beside.write_text(text)
    beside.replace(file)


def test_a_renamed_file_is_told_by_name(events: InotifyEvents, home: Path) -> None:
    """Written beside and renamed, as botocore and we do."""
    cache = home / ".aws/sso/cache"
    events.follow({cache})

    replace(cache / "a.json", "{}")

    assert (cache, "a.json") in told(events, (cache, "a.json"))


def test_a_file_written_in_place_is_told_when_it_is_closed(
    events: InotifyEvents, home: Path
) -> None:
    """As the AWS CLI writes: not while it is empty or half there, and once per writing."""
    cache = home / ".aws/sso/cache"
    (cache / "a.json").write_text("old")
    events.follow({cache})

    with (cache / "a.json").open("w") as file:
        file.write("half")
        file.flush()
        in_between = silent(events)
        file.write("whole")

    assert (True, {(cache, "a.json")}) == (in_between, told(events, (cache, "a.json")))


def test_a_new_file_is_told_when_it_is_closed(events: InotifyEvents, home: Path) -> None:
    """A file just created is empty: there is nothing to read yet."""
    cache = home / ".aws/sso/cache"
    events.follow({cache})

    with (cache / "a.json").open("w") as file:
        created = silent(events)
        file.write("{}")

    assert (True, {(cache, "a.json")}) == (created, told(events, (cache, "a.json")))


def test_removed_moved_linked_and_reopened_files_are_told(
    events: InotifyEvents, home: Path
) -> None:
    """Every way a name can come to mean another file, or one that may be read."""
    aws = home / ".aws"
    for name in ("removed", "moved", "mode", "source"):
        (aws / name).touch()
    events.follow({aws})

    (aws / "removed").unlink()
    (aws / "moved").rename(home / "elsewhere")
    (aws / "mode").chmod(0o600)
    (aws / "symlink").symlink_to("source")
    (aws / "hardlink").hardlink_to(aws / "source")

    expected = [(aws, name) for name in ("removed", "moved", "mode", "symlink", "hardlink")]
    assert set(expected) <= told(events, *expected)


def test_reading_and_other_directories_are_silent(events: InotifyEvents, home: Path) -> None:
    """No wakeup for what is read, nor for what happens next door or above."""
    (home / ".aws/config").touch()
    events.follow({home / ".aws"})

    (home / ".aws/config").read_text()
    (home / "notes").write_text("x")
    (home / ".aws/sso/other").write_text("x")

    assert silent(events)


def test_a_directory_that_does_not_exist_yet_is_followed(
    events: InotifyEvents, home: Path
) -> None:
    """First `aws configure sso` ever: the directories come, and then the file."""
    shutil.rmtree(home / ".aws")
    cache = home / ".aws/sso/cache"
    events.follow({cache, home / ".aws"})

    cache.mkdir(parents=True)
    came = told(events, (cache, None), (home / ".aws", None))
    (cache / "a.json").write_text("{}")

    assert (True, {(cache, "a.json")}) == (bool(came), told(events, (cache, "a.json")))


def test_a_file_written_at_once_into_a_new_directory_is_not_missed(
    events: InotifyEvents, home: Path
) -> None:
    """Directory and file may both be there before we could watch: "anything in it" is told."""
    shutil.rmtree(home / ".aws")
    cache = home / ".aws/sso/cache"
    events.follow({cache})

    cache.mkdir(parents=True)
    (cache / "a.json").write_text("{}")

    assert (cache, None) in told(events, (cache, None))


def test_a_directory_that_vanishes_and_comes_back_is_followed(
    events: InotifyEvents, home: Path
) -> None:
    """Removed with all above it and made again, three times over."""
    cache = home / ".aws/sso/cache"
    events.follow({cache})

    for turn in range(3):
        shutil.rmtree(home / ".aws")
        told(events, (cache, None))
        cache.mkdir(parents=True)
        told(events, (cache, None))
        (cache / f"{turn}.json").write_text("{}")

        assert (cache, f"{turn}.json") in told(events, (cache, f"{turn}.json"))


def test_a_directory_exchanged_between_two_looks_is_followed(
    events: InotifyEvents, home: Path
) -> None:
    """Gone and back before anybody read: the new one is watched, not the old."""
    cache = home / ".aws/sso/cache"
    events.follow({cache})

    shutil.rmtree(home / ".aws")
    cache.mkdir(parents=True)
    told(events, (cache, None))
    (cache / "a.json").write_text("{}")

    assert (cache, "a.json") in told(events, (cache, "a.json"))


def test_a_parent_moved_away_and_replaced_is_noticed(events: InotifyEvents, home: Path) -> None:
    """`mv ~/.aws ~/.aws.bak`, then a new one: the old directory is followed no more."""
    cache = home / ".aws/sso/cache"
    events.follow({cache})

    (home / ".aws").rename(home / ".aws.bak")
    told(events, (cache, None))
    (home / ".aws.bak/sso/cache/old.json").write_text("{}")
    old_is_silent = silent(events)
    cache.mkdir(parents=True)
    told(events, (cache, None))
    (cache / "new.json").write_text("{}")

    assert old_is_silent
    assert {(cache, "new.json")} == told(events, (cache, "new.json"))


def test_a_symlinked_directory_works_and_may_be_pointed_elsewhere(
    events: InotifyEvents, home: Path, tmp_path: Path
) -> None:
    """~/.aws in a dotfiles repository: followed there, and after the link is changed."""
    cache = home / ".aws/sso/cache"
    (home / ".aws").rename(tmp_path / "dotfiles")
    (home / ".aws").symlink_to(tmp_path / "dotfiles")
    (tmp_path / "other/sso/cache").mkdir(parents=True)
    events.follow({cache})

    (cache / "a.json").write_text("{}")
    first = told(events, (cache, "a.json"))
    (home / ".aws.new").symlink_to("../other")
    (home / ".aws.new").replace(home / ".aws")
    told(events, (cache, None))
    (tmp_path / "other/sso/cache/b.json").write_text("{}")

    assert {(cache, "a.json")} == first
    assert {(cache, "b.json")} == told(events, (cache, "b.json"))


def test_a_dangling_link_is_followed_once_its_target_comes(
    events: InotifyEvents, home: Path, tmp_path: Path
) -> None:
    """The dotfiles are not mounted yet."""
    shutil.rmtree(home / ".aws")
    (home / ".aws").symlink_to(tmp_path / "dotfiles/aws")
    events.follow({home / ".aws"})

    (tmp_path / "dotfiles/aws").mkdir(parents=True)
    told(events, (home / ".aws", None))
    (tmp_path / "dotfiles/aws/config").write_text("")

    assert (home / ".aws", "config") in told(events, (home / ".aws", "config"))


def test_a_loop_of_links_is_endured(events: InotifyEvents, home: Path) -> None:
    """A link to itself: nothing to follow, until it is a directory."""
    shutil.rmtree(home / ".aws")
    (home / ".aws").symlink_to(".aws")
    events.follow({home / ".aws"})

    (home / ".aws").unlink()
    (home / ".aws").mkdir()

    assert (home / ".aws", None) in told(events, (home / ".aws", None))


def test_a_file_in_the_directorys_place_is_endured(events: InotifyEvents, home: Path) -> None:
    """A file where the directory should be: followed once it is one."""
    cache = home / ".aws/sso/cache"
    cache.rmdir()
    cache.touch()
    events.follow({cache})

    cache.unlink()
    cache.mkdir()

    assert (cache, None) in told(events, (cache, None))


def test_two_names_of_one_directory_are_both_told(events: InotifyEvents, home: Path) -> None:
    """Followed by its path and through a link, a change is told under both."""
    (home / "link").symlink_to(".aws")
    events.follow({home / ".aws", home / "link"})

    (home / ".aws/config").write_text("")

    expected = {(home / ".aws", "config"), (home / "link", "config")}
    assert expected == told(events, *expected)


def test_a_directory_above_a_followed_one_may_be_followed_too(
    events: InotifyEvents, home: Path
) -> None:
    """~/.aws and ~/.aws/sso/cache at once, each told for itself."""
    cache = home / ".aws/sso/cache"
    events.follow({home / ".aws", cache})

    (home / ".aws/config").write_text("")
    (cache / "a.json").write_text("{}")

    expected = {(home / ".aws", "config"), (cache, "a.json")}
    assert expected == told(events, *expected)


def test_what_is_followed_no_more_is_silent(events: InotifyEvents, home: Path) -> None:
    """Following another set ends the first."""
    events.follow({home / ".aws"})
    events.follow({home / ".aws/sso/cache"})

    (home / ".aws/config").write_text("")

    assert silent(events)


def test_a_change_before_following_more_is_not_lost(events: InotifyEvents, home: Path) -> None:
    """Events that wait while the set is changed are still told."""
    events.follow({home / ".aws"})
    (home / ".aws/config").write_text("")

    events.follow({home / ".aws", home / ".aws/sso/cache"})

    assert (home / ".aws", "config") in told(events, (home / ".aws", "config"))


def test_too_many_events_become_anything_in_it(events: InotifyEvents, home: Path) -> None:
    """The kernel's queue overflows: everything followed may have changed."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    cache = home / ".aws/sso/cache"
    events.follow({cache, home / ".aws"})
    first, second = cache / "a", cache / "b"
    first.touch()

    for _ in range(limit // 2 + 10):
        first.rename(second)
        first, second = second, first

    assert {(cache, None), (home / ".aws", None)} <= events.read()


def test_no_thread_and_no_wakeup(events: InotifyEvents, home: Path) -> None:
    """Following starts no thread and arms no timer: the descriptor stays quiet."""
    before = threading.active_count()
    events.follow({home / ".aws", home / "not/there/yet"})

    assert (before, []) == (threading.active_count(), select.select([events], [], [], 0.1)[0])


def test_the_event_loop_is_told(home: Path) -> None:
    """Attached to a loop, `ready` is called when there is something to read."""

    async def wait() -> set[DirectoryChange]:
        events = directory_events()
        ready = asyncio.Event()
        events.attach(asyncio.get_running_loop(), ready.set)
        events.follow({home / ".aws"})
        (home / ".aws/config").write_text("")
        try:
            await asyncio.wait_for(ready.wait(), PATIENCE)
            return events.read()
        finally:
            events.close()
            events.close()

    assert {(home / ".aws", "config")} == asyncio.run(wait())


def test_removed_while_somebody_stands_in_it(events: InotifyEvents, home: Path) -> None:
    """A shell's current directory, removed and made again: still followed."""
    cache = home / ".aws/sso/cache"
    events.follow({cache})
    standing = os.open(cache, os.O_RDONLY)

    shutil.rmtree(home / ".aws")
    cache.mkdir(parents=True)
    try:
        told(events, (cache, None))
        (cache / "a.json").write_text("{}")

        assert (cache, "a.json") in told(events, (cache, "a.json"))
    finally:
        os.close(standing)


def test_the_places_of_a_file(home: Path, tmp_path: Path) -> None:
    """A linked config changes where the link is, and where it leads."""
    (tmp_path / "dots").mkdir()
    (tmp_path / "dots/aws-config").symlink_to("real")
    (home / ".aws/config").symlink_to("../../dots/aws-config")

    assert {
        (home / ".aws", "config"),
        (tmp_path / "dots", "aws-config"),
        (tmp_path / "dots", "real"),
    } == places(home / ".aws/config")


def test_the_places_of_a_plain_and_of_a_looping_file(home: Path) -> None:
    """A plain (or missing) file has one place; a loop ends."""
    (home / "a").symlink_to("b")
    (home / "b").symlink_to("a")

    assert {(home / ".aws", "config")} == places(home / ".aws/config")
    assert {(home, "a"), (home, "b")} == places(home / "a")
