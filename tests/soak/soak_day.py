"""A day in minutes: fifty sessions whose tokens live for seconds leave nothing behind."""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.daemon.living import Living
from tests.e2e.desk import LEGACY, Desk, desk, until, workers_of
from tests.system.test_transport import ROOT_ONLY
from tests.worker.world import token_of
from tray.aws.cache.token_cache import full_document
from tray.core.policy import LINEAGE_KEPT

SESSIONS = [f"corp-{number}" for number in range(50)]
LIFE = 8
MINUTES = float(os.environ.get("SOAK_DAY_MINUTES", "3"))
"""Twenty before a release."""
EVERY = 2.0
WARM = LINEAGE_KEPT + 1
"""
Seconds between two looks; rounds of renewals before the first.

In those rounds the daemon grows by what is remembered of tokens, which is in ``state.json``.
"""
SLOPE, ARENA = 1024, 1024 * 1024
"""
Bytes that a renewal may leave in the daemon; an arena of Python's small objects (obmalloc.c).

What both have in use by mallinfo(3) and ``sys.getallocatedblocks`` does not grow at all; it was
glibc's heaps that did, one for each thread, with 28 MB of gaps in a worker after 1,600 renewals
(measured). Each process has one heap now, of which the gaps are returned.
"""
WORKER = 56 * 1024 * 1024
"""
Bytes that a worker may hold, however long the day: as young as at the end of its life.

Its heap reaches what sixteen jobs at once need, 38 to 52 MB, and stays there; with one heap for
each thread it was 65 MB. What is mapped from files and shared with others comes on top.
"""
CONFIG = "".join(
    f"[sso-session {key}]\nsso_start_url = {LEGACY}\nsso_region = eu-west-2\n"
    f"sso_registration_scopes = sso:account:access\n"
    for key in SESSIONS
)


@dataclass(frozen=True)
class Sample:
    """What daemon and workers hold after so many renewals; memory in bytes, not of files."""

    renewals: int
    memory: int
    workers: dict[int, int]
    threads: int
    descriptors: int


def _held(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])


def _sample(here: Desk, living: Living) -> Sample | None:
    """None while a worker comes or goes."""
    daemon = living.process.pid
    try:
        workers = workers_of(living)
        return Sample(
            _renewals(here),
            _held(daemon, "RssAnon") * 1024,
            {pid: _held(pid, "RssAnon") * 1024 for pid in workers},
            _held(daemon, "Threads") + max((_held(pid, "Threads") for pid in workers), default=0),
            len(os.listdir(f"/proc/{daemon}/fd")),  # noqa: PTH208  (of links that come and go)
        )
    except (FileNotFoundError, ProcessLookupError, StopIteration):
        return None


def _complains(line: str) -> bool:
    """Not of a keyring that a busy machine keeps waiting: it is asked again, and all end well."""
    return " INFO " not in line and not line.endswith("(keyring-waiting)")


def _states(living: Living) -> set[str]:
    sessions = living.ask("status")["status"]["sessions"]
    return {one["state"] for one in sessions}


def _renewals(here: Desk) -> int:
    return here.center.count("CreateToken", grant_type="refresh_token", status=200)


def _reached(here: Desk, renewals: int) -> bool:
    return _renewals(here) >= renewals


@ROOT_ONLY  # who forbids core dumps shows its descriptors to root alone
@pytest.mark.timeout(MINUTES * 60 + 900)
def test_a_day_of_fifty_sessions() -> None:
    """Memory, threads and descriptors stay where they are, no session is lost, none complains."""
    with desk("unlocked", config=CONFIG, token_life=LIFE) as here:
        here.cache.mkdir(parents=True)
        settings = here.home / ".config/sso-tray/config.toml"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("[warnings]\nshow = false\n")  # there is nobody to show them
        for key in SESSIONS:
            given = here.center.sign_in(LEGACY)
            here.file_of(key).write_bytes(full_document(token_of(given)))
        with here.daemon() as living:
            for _ in range(WARM):
                # Each session remembers so many tokens: until then it is right to grow.
                until(partial(_reached, here, _renewals(here) + len(SESSIONS)), "a round")
            samples: list[Sample | None] = []
            begun = time.monotonic()
            while time.monotonic() - begun < MINUTES * 60:
                time.sleep(EVERY)  # the time that passes is what is measured
                samples.append(_sample(here, living))
            here.center.token_life = 3600  # what a slow machine left behind is made up for
            until(lambda: _states(living) == {"signed-in"}, "every session is signed in")
            log = [line for line in living.log().splitlines() if _complains(line)]
        seen = [one for one in samples if one is not None]
        refused = here.center.count("CreateToken", grant_type="refresh_token", status=400)

    part = len(seen) // 3
    first, last = seen[:part], seen[-part:]
    renewals = last[part // 2].renewals - first[part // 2].renewals
    grown = statistics.median(one.memory for one in last) - statistics.median(
        one.memory for one in first
    )
    ends = {pid: size for one in seen for pid, size in one.workers.items()}
    told = (
        f"{renewals} renewals, {grown / renewals:.0f} bytes each: {first[0]} .. {last[-1]}; "
        f"workers at their ends: {list(ends.values())}"
    )
    print(told)  # noqa: T201  (shown with -rP)
    assert ([], 0) == (log, refused)
    assert renewals > len(SESSIONS)
    assert grown - ARENA < SLOPE * renewals, told
    assert max(max(one.workers.values(), default=0) for one in seen) < WORKER, told
    for name in ("threads", "descriptors"):
        # What stays, not the peak: a worker has a thread for each of the sessions due at once.
        early, late = (
            statistics.median(getattr(one, name) for one in some) for some in (first, last)
        )
        assert late <= early + 2, told
