from __future__ import annotations

import asyncio
import queue
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("watchdog", reason="only used where there is no inotify")

from tray.errors import UserMustAct
from tray.system.watch.directory_change import DirectoryChange
from tray.system.watch.watchdog_watch import WatchdogEvents

PATIENCE = 30.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with an AWS directory in it."""
    (tmp_path / "home/.aws/sso/cache").mkdir(parents=True)
    return tmp_path / "home"


def told(*turns: tuple[Callable[[WatchdogEvents], object], DirectoryChange]) -> list[bool]:
    """Do one thing after the other, each time waiting until its change is told."""

    async def run() -> list[bool]:
        events = WatchdogEvents()
        ready = asyncio.Event()
        events.attach(asyncio.get_running_loop(), ready.set)
        heard = []
        try:
            for act, expected in turns:
                act(events)
                collected: set[DirectoryChange] = set()
                while expected not in collected:
                    await asyncio.wait_for(ready.wait(), PATIENCE)
                    ready.clear()
                    collected |= events.read()
                heard.append(True)
        finally:
            events.close()
            events.close()
        return heard

    return asyncio.run(run())


def test_files_and_directories_that_come_and_go_are_told(home: Path) -> None:
    """In place, renamed, removed; the directory gone and back."""
    cache = home / ".aws/sso/cache"

    def begin(events: WatchdogEvents) -> None:
        events.follow({cache, home / ".aws"})
        (cache / "a.json").write_text("{}")

    def rename(_: WatchdogEvents) -> None:
        (home / ".aws/config.tmp").write_text("")
        (home / ".aws/config.tmp").replace(home / ".aws/config")

    assert [True] * 5 == told(
        (begin, (cache, "a.json")),
        (rename, (home / ".aws", "config")),
        (lambda _: shutil.rmtree(home / ".aws"), (cache, None)),
        (lambda _: cache.mkdir(parents=True), (cache, None)),
        (lambda _: (cache / "b.json").write_text("{}"), (cache, "b.json")),
    )


def test_two_directories_that_wait_at_the_same_parent(home: Path) -> None:
    """Neither exists; each is told when it comes."""
    first, second = home / "one", home / "two"

    def begin(events: WatchdogEvents) -> None:
        events.follow({first, second})
        first.mkdir()

    assert [True] * 3 == told(
        (begin, (first, None)),
        (lambda _: second.mkdir(), (second, None)),
        (lambda _: (first / "a").write_text(""), (first, "a")),
    )


def test_what_comes_while_a_watch_is_set_up_is_seen(home: Path) -> None:
    """A directory made after its parent was found, and before that is watched, is watched."""
    late = home / "one/two"

    def begin(events: WatchdogEvents) -> None:
        schedule = events._observer.schedule

        def schedule_late(handler: object, path: str) -> None:
            late.mkdir(parents=True, exist_ok=True)
            schedule(handler, path)

        events._observer.schedule = schedule_late
        events.follow({late})
        (late / "a").write_text("")

    assert [True] == told((begin, (late, "a")))


# Windows' watch raises in a thread of its own, too.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_directory_that_goes_while_a_watch_is_set_up_is_looked_for(home: Path) -> None:
    """Its parent is watched instead, and tells when it is back."""
    gone = home / "one/two"
    gone.mkdir(parents=True)

    def begin(events: WatchdogEvents) -> None:
        schedule = events._observer.schedule

        def schedule_late(handler: object, path: str) -> None:
            shutil.rmtree(home / "one", ignore_errors=True)
            schedule(handler, path)

        events._observer.schedule = schedule_late
        events.follow({gone})
        events._observer.schedule = schedule
        gone.mkdir(parents=True)

    assert [True] == told((begin, (gone, None)))


@pytest.mark.parametrize("trouble", [PermissionError(13, "Permission denied"), queue.Empty()])
def test_a_directory_that_is_there_and_cannot_be_watched_is_told(
    home: Path, trouble: Exception
) -> None:
    """So that files are looked at now and then instead; Windows' watch gives no reason."""
    events = WatchdogEvents()

    def refuse(_handler: object, _path: str) -> None:
        raise trouble

    events._observer.schedule = refuse

    with pytest.raises(UserMustAct, match="every 5 seconds"):
        events.follow({home})
    events.close()


def test_following_again_looks_anew(home: Path) -> None:
    """A parent moved away is found by following the same set again."""
    cache = home / ".aws/sso/cache"

    def begin(events: WatchdogEvents) -> None:
        events.follow({cache})
        (home / ".aws").rename(home / ".aws.bak")
        events.follow({cache})

    assert [True] == told((begin, (cache, None)))
